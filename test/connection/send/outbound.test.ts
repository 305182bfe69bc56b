import { runInNewContext } from 'node:vm'
import { type ConnectionLimits, readLimits } from '../../../src/connection/limits.ts'
import type { Link } from '../../../src/connection/link.ts'
import { Outbound } from '../../../src/connection/send/outbound.ts'
import { joinMessages, prepare } from '../../../src/connection/send/prepared-message.ts'
import { Traffic } from '../../../src/connection/traffic.ts'
import type { MessageCodec } from '../../../src/core/message-codec.ts'
import { manualSource } from '../../support/manual-source.ts'
import { SlowPeer } from '../../support/slow-peer.ts'
import { endOfTick, turns, until } from '../../support/tick.ts'
import { assert, suite } from '../../support/unit.ts'
import { unmasked } from '../../support/wire.ts'

const test = suite('outbound')

/** Makes a codec that later returns each message uncompressed. */
function lazyCodec(): MessageCodec {
  return {
    decompress() {},
    wantsCompression: (size) => size > 4,
    compress: (_message, done) => void setImmediate(done, null),
    release() {},
  }
}

/** Makes the sending part of a connection whose peer does not read, and a log of its calls. */
function make(
  limits: Partial<ConnectionLimits> = {},
  streamMark?: number,
  codec: MessageCodec | null = null,
  maskingKey?: () => Uint8Array,
) {
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
    host: { traffic, maskingKey },
    account: () => {},
    onWaiting: () => {},
    onUserError: (error: Error) => log.push(`user error ${error.message}`),
    countSentMessages: (count: number) => {
      traffic.sentMessages += count
    },
    countSentFragment: () => {},
  }
  const outbound = new Outbound(link as unknown as Link, codec)
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
    'fail 1013 ERR_WS_SEND_OVERFLOW: 1001 bytes would wait to be sent; allowed: at most 1000',
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

const kinds: Record<string, unknown> = {
  'a Buffer': Buffer.from('bytes'),
  'an Int8Array': new Int8Array(Buffer.from('bytes')),
  'a DataView': new DataView(new Uint8Array(Buffer.from('bytes')).buffer),
  'an ArrayBuffer': new Uint8Array(Buffer.from('bytes')).buffer,
  'a Uint8Array of another realm': runInNewContext('new Uint8Array([98, 121, 116, 101, 115])'),
  'an ArrayBuffer of another realm': runInNewContext('new Uint8Array([98, 121, 116, 101, 115]).buffer'),
  'a Blob': new Blob(['by', 'tes']),
}

for (const codec of [null, lazyCodec()]) {
  for (const [name, data] of Object.entries(kinds)) {
    test(`sends ${name} as a binary message, in order${codec === null ? '' : ', with a codec'}`, async () => {
      const { outbound, peer } = make({}, undefined, codec)
      for (const message of ['before', data, 'after', data])
        assert.is(outbound.send(message as string, undefined), 'sent')
      outbound.sendControl(8, Buffer.alloc(0))
      await until(() => outbound.bufferedAmount === peer.writableLength)
      await endOfTick()
      await peer.readAll()
      const bytes = unmasked(2, 'bytes')
      const expected = [unmasked(1, 'before'), bytes, unmasked(1, 'after'), bytes, unmasked(8, '')]
      assert.equal(peer.bytes, Buffer.concat(expected))
    })
  }
}

test('counts a Blob and what waits for it, until drained() resolves', async () => {
  const { outbound, peer, send } = make({ highWaterMark: 1_000, maxBufferedAmount: 10_000 })
  await peer.readAll()
  assert.is(outbound.send(new Blob(['x'.repeat(2_000)]), undefined), 'backpressure')
  assert.is(send(100), 'backpressure')
  assert.is(outbound.bufferedAmount, 2_100 + 2 * 512)
  assert.is(send(9_000), 'closed')
  let isDrained = false
  void outbound.drained().then(() => {
    isDrained = true
  })
  assert.is(isDrained, false)
})

test('limits empty messages that wait for a Blob', async () => {
  const { outbound, peer, send } = make({ highWaterMark: 1_000, maxBufferedAmount: 10_000, overflow: 'drop' })
  await peer.readAll()
  outbound.send(new Blob(['x']), undefined)
  const results = Array.from({ length: 100 }, () => send(0))
  assert.is(results.filter((result) => result !== 'dropped').length, Math.floor(9_999 / 512))
})

test('discards a Blob that is being read when the connection closes, and sends the Close frame', async () => {
  const { outbound, peer } = make()
  await peer.readAll()
  outbound.send(new Blob(['late']), undefined)
  outbound.send('later', undefined)
  outbound.sendControl(8, Buffer.alloc(0))
  outbound.onClosed()
  outbound.flush()
  await turns()
  assert.equal(peer.bytes, unmasked(8, ''))
  assert.is(outbound.bufferedAmount, 0)
})

test('reports a Blob that cannot be read', async () => {
  const { outbound, log } = make()
  const blob = new Blob(['x'])
  blob.arrayBuffer = async () => {
    throw new Error('gone')
  }
  outbound.send(blob, undefined)
  await turns()
  assert.equal(log, ['user error gone'])
})

test('sends a Blob as text only if its bytes are UTF-8', async () => {
  const { outbound, peer, log } = make()
  outbound.send(new Blob(['é']), { binary: false })
  outbound.send(new Blob([Buffer.of(0xff)]), { binary: false })
  outbound.flush()
  await turns()
  assert.equal(peer.bytes, unmasked(1, 'é'))
  assert.equal(log, ['user error bytes sent as text are not valid UTF-8'])
})

test('copies bytes of every type that wait for a Blob', async () => {
  const memory = new ArrayBuffer(8)
  const shared = new SharedArrayBuffer(8)
  const views = [new Uint8Array(memory), new Int16Array(memory), new Float64Array(memory), new DataView(memory)]
  for (const data of [...views, memory, shared]) {
    for (const each of [memory, shared]) new Uint8Array(each).fill(0)
    const { outbound, peer } = make()
    outbound.send(new Blob(['blob']), undefined)
    outbound.send(data, undefined)
    for (const each of [memory, shared]) new Uint8Array(each).fill(0xff)
    await until(() => outbound.bufferedAmount === peer.writableLength)
    await peer.readAll()
    assert.equal(peer.bytes, Buffer.concat([unmasked(2, 'blob'), unmasked(2, Buffer.alloc(8))]), String(data))
  }
})

test('counts a source as waiting without a high-water mark, too', async () => {
  const { outbound } = make({ highWaterMark: Number.POSITIVE_INFINITY })
  const { source } = manualSource()
  assert.is(outbound.send(source, undefined), 'backpressure')
  assert.is(outbound.send('behind the source', undefined), 'sent')
  assert.ok(outbound.bufferedAmount > 0)
})

test('accepts null as options', async () => {
  for (const codec of [null, lazyCodec()]) {
    const { outbound, peer } = make({}, undefined, codec)
    for (const data of ['text', Buffer.from('bytes'), new Blob(['blob'])]) outbound.send(data, null as never)
    await until(() => outbound.bufferedAmount === peer.writableLength)
    await peer.readAll()
    assert.equal(peer.bytes, Buffer.concat([unmasked(1, 'text'), unmasked(2, 'bytes'), unmasked(2, 'blob')]))
  }
})

test('pauses reading above the high-water mark on a server, and never on a client', () => {
  for (const maskingKey of [undefined, () => Buffer.alloc(4)]) {
    const { log, send } = make({ highWaterMark: 100 }, undefined, null, maskingKey)
    assert.is(send(200), 'backpressure')
    assert.equal(log, maskingKey === undefined ? ['pause'] : [])
  }
})

test('does not pause reading because of messages behind a source, which may itself wait for the peer', async () => {
  for (const codec of [null, lazyCodec()]) {
    const { outbound, peer, log, send } = make({ highWaterMark: 100 }, undefined, codec)
    await peer.readAll()
    const { source, give, end } = manualSource()
    outbound.send(source, undefined)
    await turns()
    assert.is(send(200), 'backpressure')
    assert.equal(log, [])
    let isDrained = false
    void outbound.drained().then(() => {
      isDrained = true
    })
    give('answered')
    await turns()
    assert.is(isDrained, false)
    end()
    await until(() => isDrained)
    assert.is(outbound.bufferedAmount, 0)
  }
})

test('reads again as soon as only a source is waiting', async () => {
  for (const before of [Buffer.alloc(200), new Blob(['x'.repeat(200)])]) {
    const { outbound, peer, log } = make({ highWaterMark: 100 })
    assert.is(outbound.send(before, undefined), 'backpressure')
    outbound.send(manualSource().source, undefined)
    assert.equal(log, ['pause'])
    await peer.readAll()
    await until(() => log.length > 1)
    assert.is(log[1], 'resume')
  }
})

test('counts each of the messages that were joined, whether they are sent or dropped', () => {
  const joined = joinMessages(['a', 'b', 'c'].map((text) => prepare(text)))
  for (const codec of [null, lazyCodec()]) {
    const { outbound, traffic } = make({ highWaterMark: 1, maxBufferedAmount: 10, overflow: 'drop' }, undefined, codec)
    outbound.send(joined, undefined)
    outbound.send(joined, undefined)
    assert.equal([traffic.sentMessages, traffic.droppedMessages], [3, 3])
  }
})
