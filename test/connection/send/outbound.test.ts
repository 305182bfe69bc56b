import { type ConnectionLimits, readLimits } from '../../../src/connection/limits.ts'
import type { Link } from '../../../src/connection/link.ts'
import { Outbound } from '../../../src/connection/send/outbound.ts'
import { Traffic } from '../../../src/connection/traffic.ts'
import { SlowPeer } from '../../support/slow-peer.ts'
import { endOfTick } from '../../support/tick.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('outbound')

/** The sending part on a stream whose peer does not read, and a log of what it does to its connection. */
function make(limits: Partial<ConnectionLimits> = {}, streamMark?: number) {
  const peer = new SlowPeer(streamMark)
  const traffic = new Traffic()
  const log: string[] = []
  const protocol = {
    state: 'open',
    pause: () => log.push('pause'),
    resume: () => log.push('resume'),
  }
  const connection = {
    fail(closeCode: number, code: string, message: string) {
      log.push(`fail ${closeCode} ${code}: ${message}`)
      protocol.state = 'closed'
    },
  }
  const link = {
    connection,
    stream: peer,
    protocol,
    limits: readLimits(limits),
    host: { traffic },
    account: () => {},
    countSentMessage: () => traffic.sentMessages++,
  }
  const outbound = new Outbound(link as unknown as Link, null)
  peer.on('drain', () => outbound.onSent())
  const send = (size: number) => outbound.send(Buffer.alloc(size), undefined)
  return { peer, log, outbound, protocol, traffic, send }
}

test('returns `sent` up to the high-water mark, inclusive, then `backpressure`', () => {
  const { outbound, traffic, send } = make({ highWaterMark: 100 })
  assert.is(send(98), 'sent')
  assert.is(outbound.bufferedAmount, 100)
  assert.is(send(1), 'backpressure')
  assert.is(traffic.sentMessages, 2)
})

test('counts the bytes of a text, not three for each character', () => {
  const { outbound } = make({ highWaterMark: 100 })
  assert.is(outbound.send('x'.repeat(98), undefined), 'sent')
  assert.is(outbound.send('€'.repeat(34), undefined), 'backpressure')
})

test('pauses reading above the high-water mark until nothing waits', async () => {
  for (const streamMark of [10, 1_000_000]) {
    const { peer, log, outbound, send } = make({ highWaterMark: 100 }, streamMark)
    assert.is(send(200), 'backpressure')
    await endOfTick()
    assert.equal(log, ['pause'])
    await peer.readAll()
    assert.equal(log, ['pause', 'resume'])
    assert.is(outbound.bufferedAmount, 0)
    assert.is(send(10), 'sent')
    await peer.readAll()
    assert.equal(log, ['pause', 'resume'])
  }
})

test('S-51: fails the connection above maxBufferedAmount with the total, and returns `closed`', () => {
  const limits = { highWaterMark: 100, maxBufferedAmount: 1_000 }
  const { log, outbound, traffic, send } = make(limits)
  assert.is(send(496), 'backpressure')
  assert.is(outbound.bufferedAmount, 500)
  assert.is(send(501), 'closed')
  assert.equal(log.slice(1), [
    'fail 1013 ERR_WS_SEND_OVERFLOW: 1001 bytes would wait to be sent; at most 1000 are allowed',
  ])
  assert.equal([outbound.bufferedAmount, traffic.sentMessages], [500, 1])
  const other = make(limits)
  other.send(496)
  assert.is(other.send(500), 'backpressure')
})

test('drops a message above maxBufferedAmount with `overflow: drop`, and counts it', () => {
  const { log, traffic, send } = make({ highWaterMark: 100, maxBufferedAmount: 1_000, overflow: 'drop' })
  send(496)
  assert.is(send(501), 'dropped')
  assert.equal([traffic.droppedMessages, traffic.sentMessages], [1, 1])
  assert.equal(log, ['pause'])
})

test('sends one message above maxBufferedAmount when nothing waits', () => {
  const { log, send } = make({ maxBufferedAmount: 1_000 })
  assert.is(send(5_000), 'sent')
  assert.equal(log, [])
})

test('returns `closed` and sends nothing when the connection is not open', () => {
  const { outbound, protocol, send } = make()
  for (const state of ['closing', 'closed']) {
    protocol.state = state
    assert.is(send(1), 'closed')
  }
  assert.is(outbound.bufferedAmount, 0)
})

test('drained() resolves at once with nothing waiting or when closed, else when the peer has read', async () => {
  const { peer, outbound, protocol, send } = make({}, 1_000_000)
  await outbound.drained()
  send(10)
  let isDrained = false
  const drained = outbound.drained().then(() => {
    isDrained = true
  })
  await endOfTick()
  assert.is(isDrained, false)
  await peer.readAll()
  await drained
  const other = make()
  other.send(10)
  other.protocol.state = 'closed'
  await other.outbound.drained()
  assert.is(protocol.state, 'open')
})
