import { Writable } from 'node:stream'
import { corkBuffer } from '../../../src/connection/send/cork-buffer.ts'
import { flushAtEndOfTick } from '../../../src/connection/send/end-of-tick.ts'
import { Outbox } from '../../../src/connection/send/outbox.ts'
import { endOfTick } from '../../support/tick.ts'
import { assert, suite } from '../../support/unit.ts'
import { frame, hex, unmasked } from '../../support/wire.ts'

const test = suite('outbox')

/** Records each write; completes it at once, or delays it until `release`. */
class Sink extends Writable {
  readonly writes: Buffer[] = []
  readonly slow: boolean
  #delayed: (() => void)[] = []

  constructor({ slow = false } = {}) {
    super()
    this.slow = slow
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#take(chunk, done)
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#take(Buffer.concat(chunks.map(({ chunk }) => chunk)), done)
  }

  #take(chunk: Buffer, done: () => void): void {
    this.writes.push(this.slow ? chunk : Buffer.from(chunk))
    if (this.slow) this.#delayed.push(done)
    else done()
  }

  release(): void {
    for (const done of this.#delayed.splice(0)) done()
  }

  get bytes(): Buffer {
    return Buffer.concat(this.writes)
  }
}

test('sends everything of one tick in one write, what promises send too', async () => {
  const sink = new Sink()
  const outbox = new Outbox(sink)
  outbox.sendText(1, 'one')
  outbox.sendBytes(2, hex('02'))
  outbox.sendEncoded(unmasked(1, 'prepared'))
  await Promise.resolve()
  outbox.sendText(1, 'from a promise')
  await endOfTick()
  assert.is(sink.writes.length, 1)
  assert.equal(
    sink.bytes,
    Buffer.concat([unmasked(1, 'one'), unmasked(2, hex('02')), unmasked(1, 'prepared'), unmasked(1, 'from a promise')]),
  )
})

test('writes encoded frames at once where the tick ends with them, behind what waits', async () => {
  const [idle, waiting, gone] = [new Sink(), new Sink(), new Sink()]
  const outboxes = [idle, waiting, gone].map((sink) => new Outbox(sink))
  const writes: number[] = []
  const frames = unmasked(1, 'prepared')
  flushAtEndOfTick({
    flush: () => {
      outboxes[1].sendText(1, 'before')
      gone.destroy()
      for (const outbox of outboxes) outbox.sendEncoded(frames)
      writes.push(...[idle, waiting, gone].map((sink) => sink.writes.length))
    },
  })
  await endOfTick()
  assert.equal(writes, [1, 0, 0])
  assert.equal(idle.writes, [frames])
  assert.equal(waiting.writes, [Buffer.concat([unmasked(1, 'before'), frames])])
})

test('gathers encoded frames of several senders at the end of the tick', async () => {
  const sink = new Sink()
  const outbox = new Outbox(sink)
  for (const text of ['one', 'two']) flushAtEndOfTick({ flush: () => outbox.sendEncoded(unmasked(1, text)) })
  await endOfTick()
  assert.equal(sink.writes, [Buffer.concat([unmasked(1, 'one'), unmasked(1, 'two')])])
})

test('waits for uncork while corked', async () => {
  const sink = new Sink()
  const outbox = new Outbox(sink)
  outbox.cork()
  outbox.sendText(1, 'a')
  await endOfTick()
  assert.is(sink.writes.length, 0)
  assert.is(outbox.bufferedAmount, 3)
  outbox.uncork()
  assert.is(sink.writes.length, 1)
  assert.is(outbox.bufferedAmount, 0)
})

test('sends each of several connections its own frames in one write each, in one tick', async () => {
  const sinks = [new Sink(), new Sink(), new Sink()]
  const outboxes = sinks.map((sink) => new Outbox(sink))
  for (let round = 0; round < 3; round++)
    for (const [i, outbox] of outboxes.entries()) outbox.sendText(1, `${i}${round}`)
  await endOfTick()
  for (const [i, sink] of sinks.entries()) {
    assert.is(sink.writes.length, 1)
    assert.equal(sink.bytes, Buffer.concat([0, 1, 2].map((round) => unmasked(1, `${i}${round}`))))
  }
})

test('keeps the order of small and large frames', async () => {
  const sink = new Sink()
  const outbox = new Outbox(sink)
  const large = Buffer.alloc(20_000, 7)
  outbox.sendText(1, 'before')
  outbox.sendBytes(2, large)
  outbox.sendText(1, 'between')
  outbox.sendEncoded(unmasked(2, large))
  outbox.sendText(1, 'x'.repeat(10_000))
  await endOfTick()
  assert.is(sink.writes.length, 1)
  const expected = [
    unmasked(1, 'before'),
    unmasked(2, large),
    unmasked(1, 'between'),
    unmasked(2, large),
    unmasked(1, 'x'.repeat(10_000)),
  ]
  assert.ok(sink.bytes.equals(Buffer.concat(expected)))
})

test('sends more than fits into the cork buffer, in order', async () => {
  // Ranges that other streams still need would leave less room.
  corkBuffer.replace()
  const sink = new Sink()
  const outbox = new Outbox(sink)
  const expected: Buffer[] = []
  for (let i = 0; i < 50; i++) {
    outbox.sendBytes(2, Buffer.alloc(5000, i))
    expected.push(unmasked(2, Buffer.alloc(5000, i)))
  }
  await endOfTick()
  assert.ok(sink.bytes.equals(Buffer.concat(expected)))
  assert.ok(sink.writes.length <= 5)
})

test('never overwrites bytes that the stream still needs', async () => {
  const slow = new Sink({ slow: true })
  const outbox = new Outbox(slow)
  const other = new Sink()
  const expected: Buffer[] = []
  for (let i = 0; i < 200; i++) {
    outbox.sendBytes(2, Buffer.alloc(900, i))
    expected.push(unmasked(2, Buffer.alloc(900, i)))
    await endOfTick()
    new Outbox(other).sendBytes(2, Buffer.alloc(900, 255))
    await endOfTick()
  }
  assert.is(outbox.bufferedAmount, expected.length * 904)
  while (slow.writableLength > 0) {
    slow.release()
    await endOfTick()
  }
  assert.ok(slow.bytes.equals(Buffer.concat(expected)))
})

test('writes the header that the bytes of a text need, not its characters', async () => {
  for (const text of [
    'é'.repeat(70),
    'x'.repeat(125),
    'x'.repeat(126),
    '€'.repeat(42),
    '😀'.repeat(5000),
    '\ud800',
    '',
  ]) {
    const sink = new Sink()
    new Outbox(sink).sendText(1, text)
    await endOfTick()
    assert.ok(sink.bytes.equals(unmasked(1, text)), `${text.slice(0, 3)} × ${text.length}`)
  }
})

test('sends long texts of every kind in order, between others and in a row', async () => {
  const texts = ['ä一😀', 'plain '].flatMap((part) => [2000, 4000, 8000, 40_000].map((size) => part.repeat(size / 4)))
  for (const keyed of [false, true]) {
    const key = hex('37 fa 21 3d')
    const encode = (text: string): Buffer => frame(1, text, { key: keyed ? key : null })
    const sink = new Sink()
    const outbox = new Outbox(sink, keyed ? () => key : null)
    const blocked = new Outbox(new Sink())
    const expected: Buffer[] = []
    const send = (text: string): void => {
      outbox.sendText(1, text)
      expected.push(encode(text))
    }
    blocked.sendText(1, 'owns the cork buffer')
    for (const text of texts) send(text)
    await endOfTick()
    assert.is(sink.writes.length, 1)
    for (const text of [...texts, 'short', ...texts]) {
      send(text)
      await endOfTick()
    }
    for (const text of [...texts, 'short', ...texts]) send(text)
    await endOfTick()
    assert.ok(sink.bytes.equals(Buffer.concat(expected)))
  }
})

test('gathers long texts too', async () => {
  // Other tests of the process may have left ranges in it.
  corkBuffer.replace()
  const sink = new Sink()
  const outbox = new Outbox(sink)
  const text = 'x'.repeat(16_000)
  for (let i = 0; i < 4; i++) outbox.sendText(1, text)
  await endOfTick()
  assert.is(sink.writes.length, 1)
  assert.ok(sink.bytes.equals(Buffer.concat(Array<Buffer>(4).fill(unmasked(1, text)))))
})

test('masks each frame of a client with its own key, and does not change the caller’s bytes', async () => {
  const keys = [hex('01 02 03 04'), hex('a1 b2 c3 d4'), hex('11 22 33 44'), hex('55 66 77 88')]
  const used = [...keys]
  const sink = new Sink()
  const outbox = new Outbox(sink, () => used.shift()!)
  const large = Buffer.alloc(30_000, 9)
  outbox.sendText(1, 'ä'.repeat(63))
  outbox.sendBytes(2, hex('01 02'))
  outbox.sendBytes(2, large)
  outbox.sendText(1, 'end')
  await endOfTick()
  const expected = [
    frame(1, 'ä'.repeat(63), { key: keys[0] }),
    frame(2, hex('01 02'), { key: keys[1] }),
    frame(2, large, { key: keys[2] }),
    frame(1, 'end', { key: keys[3] }),
  ]
  assert.ok(sink.bytes.equals(Buffer.concat(expected)))
  assert.ok(large.every((byte) => byte === 9))
  assert.equal(used, [])
})

test('sets RSV1 for compressed messages', async () => {
  const sink = new Sink()
  new Outbox(sink).sendBytes(1, hex('00'), true)
  await endOfTick()
  assert.equal(sink.bytes, hex('c1 01 00'))
})

test('drops the remaining frames when the stream has closed', async () => {
  const sink = new Sink()
  const outbox = new Outbox(sink)
  outbox.sendText(1, 'x')
  sink.destroy()
  await endOfTick()
  assert.is(sink.writes.length, 0)
  assert.is(outbox.bufferedAmount, 0)
})

test('writes long frames to streams other than sockets in slices, each of which reports progress', async () => {
  const sizes: number[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      sizes.push(chunk.length)
      setImmediate(done)
    },
  })
  const outbox = new Outbox(sink)
  outbox.sendBytes(2, Buffer.alloc(300_000))
  outbox.flush()
  const steps = new Set<number>()
  while (sink.writableLength > 0) {
    steps.add(outbox.bufferedAmount)
    await endOfTick()
  }
  assert.equal(sizes, [10, 65_536, 65_536, 65_536, 65_536, 37_856])
  assert.is(steps.size, 6)
})

test('gathers the frames of a burst in one write, also after a peer that does not read', async () => {
  for (let size = 1024; size < 64 * 1024; size += 1024) {
    corkBuffer.replace()
    corkBuffer.owner = corkBuffer
    corkBuffer.end = size
    corkBuffer.skip(corkBuffer.take())
    const sink = new Sink()
    const outbox = new Outbox(sink)
    for (let count = 0; count < 100; count++) outbox.sendBytes(2, Buffer.alloc(200))
    await endOfTick()
    assert.is(sink.writes.length, 1, `${size} bytes are still held`)
  }
})
