import { TurnShare } from '../../../src/connection/receive/turn-share.ts'
import { PauseReason } from '../../../src/core/input-gate.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('turn share')

function make() {
  const log: string[] = []
  const protocol = {
    frameCount: 0,
    compressedBytes: 0,
    pause(reason: number) {
      log.push(`pause ${reason}`)
    },
  }
  const share = new TurnShare(protocol, { onNextTurn: () => void log.push('next turn') })
  return { log, protocol, share }
}

const pause = `pause ${PauseReason.TURN}`
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('pauses for a turn after 2,048 messages, and again after as many', async () => {
  const { log, share } = make()
  for (let count = 0; count < 2047; count++) share.count(1, 0)
  assert.equal(log, [])
  share.count(1, 0)
  assert.equal(log, [pause])
  await nextTurn()
  assert.equal(log, [pause, 'next turn'])
  for (let half = 0; half < 2; half++) share.count(1024, 0)
  await nextTurn()
  assert.equal(log, [pause, 'next turn', pause, 'next turn'])
})

test('does not pause a connection that never does so much within one turn', async () => {
  const { log, share } = make()
  for (let turn = 0; turn < 10; turn++) {
    share.count(2000, 0)
    await nextTurn()
  }
  assert.equal(log, [])
  share.count(2048, 0)
  assert.equal(log, [pause])
  await nextTurn()
})

test('pauses after 4 MiB of input, 2,048 frames or 16 KiB of compressed payloads', async () => {
  for (const [frames, compressed, size] of [
    [0, 0, 4 * 1024 * 1024],
    [2048, 0, 0],
    [0, 16 * 1024, 0],
  ]) {
    const { log, share, protocol } = make()
    protocol.frameCount = Math.max(0, frames - 1)
    protocol.compressedBytes = Math.max(0, compressed - 1)
    share.count(0, Math.max(0, size - 1))
    share.count(0, 0)
    assert.equal(log, [], 'counts only what is new')
    protocol.frameCount = frames
    protocol.compressedBytes = compressed
    share.count(0, 1)
    assert.equal(log, [pause])
    await nextTurn()
  }
})

test('starts to count again after the protocol has released its memory', () => {
  const { log, share, protocol } = make()
  protocol.frameCount = 2000
  share.count(0, 0)
  protocol.frameCount = 0
  share.count(0, 0)
  protocol.frameCount = 47
  share.count(0, 0)
  assert.equal(log, [])
  protocol.frameCount = 48
  share.count(0, 0)
  assert.equal(log, [pause])
})

test('counts compressed payloads after each message, not only at the end of the input', () => {
  const { log, share, protocol } = make()
  for (let count = 0; count < 32; count++) {
    protocol.compressedBytes += 512
    share.count(1, 0)
  }
  assert.equal(log, [pause])
})
