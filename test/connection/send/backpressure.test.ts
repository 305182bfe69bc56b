import { Backpressure } from '../../../src/connection/send/backpressure.ts'
import { Outbox } from '../../../src/connection/send/outbox.ts'
import { SlowPeer } from '../../support/slow-peer.ts'
import { endOfTick } from '../../support/tick.ts'
import { assert, suite } from '../../support/unit.ts'
import { unmasked } from '../../support/wire.ts'

const test = suite('backpressure')

function make(streamMark?: number) {
  const peer = new SlowPeer(streamMark)
  const log: string[] = []
  const outbox = new Outbox(peer)
  const backpressure: Backpressure = new Backpressure(peer, outbox, {
    get isDrained() {
      return outbox.bufferedAmount === 0
    },
    get blockedBytes() {
      return outbox.bufferedAmount
    },
    onUnblocked: () => log.push('drained'),
  })
  peer.on('drain', () => backpressure.onSent())
  const send = (size: number): void => {
    outbox.sendBytes(2, Buffer.alloc(size))
    outbox.flush()
  }
  return { peer, log, outbox, backpressure, send }
}

test('calls onUnblocked once after begin, when nothing waits', async () => {
  for (const streamMark of [10, 1_000_000]) {
    const { peer, log, backpressure, outbox, send } = make(streamMark)
    send(200)
    backpressure.begin()
    await endOfTick()
    assert.equal(log, [])
    assert.is(backpressure.isIdle, false)
    await peer.readAll()
    assert.equal(log, ['drained'])
    assert.is(outbox.bufferedAmount, 0)
    assert.is(backpressure.isIdle, true)
    send(10)
    await peer.readAll()
    assert.equal(log, ['drained'])
  }
})

test('S-50: stores only the latest pong for a peer that does not read, and one entry in the stream', async () => {
  const { peer, backpressure, send } = make(1_000_000)
  send(10)
  await endOfTick()
  for (let i = 0; i < 10_000; i++) backpressure.holdPong(Buffer.from(`pong ${i}`))
  await endOfTick()
  assert.is(peer.writableLength, 12)
  await peer.readAll()
  assert.ok(peer.bytes.equals(Buffer.concat([unmasked(2, Buffer.alloc(10)), unmasked(10, 'pong 9999')])))
  assert.ok(peer.writes <= 3, `${peer.writes} writes`)
})

test('sends the pong that waits on demand, once', async () => {
  const { peer, outbox, backpressure, send } = make(1_000_000)
  send(10)
  await endOfTick()
  backpressure.holdPong(Buffer.from('late'))
  backpressure.sendWaitingPong()
  outbox.sendBytes(8, Buffer.alloc(0))
  await endOfTick()
  await peer.readAll()
  assert.ok(
    peer.bytes.equals(
      Buffer.concat([unmasked(2, Buffer.alloc(10)), unmasked(10, 'late'), unmasked(8, Buffer.alloc(0))]),
    ),
  )
})

test('resolves every promise of drained() when nothing waits, or when it is released', async () => {
  const { peer, backpressure, send } = make(1_000_000)
  send(10)
  let count = 0
  const both = [backpressure.drained(), backpressure.drained()].map((each) => each.then(() => count++))
  await endOfTick()
  assert.is(count, 0)
  await peer.readAll()
  await Promise.all(both)
  assert.is(count, 2)
  const other = make()
  other.send(10)
  const drained = other.backpressure.drained()
  other.backpressure.release()
  await drained
})
