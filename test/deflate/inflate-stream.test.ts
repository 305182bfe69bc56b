import { constants, deflateRawSync } from 'node:zlib'
import type { ProtocolError } from '../../src/core/errors.ts'
import type { InflateSink } from '../../src/core/message-codec.ts'
import { MemoryBudget } from '../../src/deflate/budget.ts'
import { DeflateStream } from '../../src/deflate/deflate-stream.ts'
import { History } from '../../src/deflate/history.ts'
import { InflateStream } from '../../src/deflate/inflate-stream.ts'
import { turns, until } from '../support/tick.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('inflate stream')

class Recorder implements InflateSink {
  readonly parts: Buffer[] = []
  pieces = 0
  error: ProtocolError | null = null

  onInflated(bytes: Buffer): void {
    this.parts.push(Buffer.from(bytes))
  }

  onInflatedPiece(): void {
    this.pieces++
  }

  onInflateError(error: ProtocolError): void {
    this.error = error
  }

  get length(): number {
    return this.parts.reduce((sum, part) => sum + part.length, 0)
  }
}

function open(history = Buffer.alloc(0)) {
  const sink = new Recorder()
  const window = new History(32_768, new MemoryBudget())
  window.append(history)
  let isReleased = false
  const stream = new InflateStream(sink, window, () => {
    isReleased = true
  })
  /** Inflates the pieces one after the other. */
  const inflate = async (...pieces: Buffer[]): Promise<Buffer> => {
    for (const [index, piece] of pieces.entries()) {
      const memory = Buffer.from(piece)
      stream.push(memory, index === pieces.length - 1)
      // The memory into which sockets are read is reused.
      memory.fill(0xff)
      await until(() => sink.pieces === index + 1 || sink.error !== null)
    }
    return Buffer.concat(sink.parts)
  }
  return { sink, stream, window, inflate, isReleased: () => isReleased }
}

/** Compresses a message as a sender does (RFC 7692 §7.2.1). */
function deflate(message: Buffer, options = {}): Buffer {
  return deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH, ...options }).subarray(0, -4)
}

const text = Buffer.from('the same words again and again, '.repeat(3000))

test('inflates a message whole and however it is split', async () => {
  const payload = deflate(text)
  for (const size of [payload.length, 1, 7, 100]) {
    const { inflate, window, stream, isReleased } = open()
    const pieces: Buffer[] = []
    for (let at = 0; at < payload.length; at += size) pieces.push(payload.subarray(at, at + size))
    assert.ok((await inflate(...pieces)).equals(text), String(size))
    assert.ok(window.bytes.equals(text.subarray(-32_768)))
    stream.release()
    assert.ok(isReleased())
  }
})

test('refers to earlier messages, and to what came before a final block', async () => {
  const dictionary = text.subarray(0, 2000)
  const first = deflateRawSync(text.subarray(2000, 4000), { dictionary })
  const second = deflate(text.subarray(4000, 9000), { dictionary: text.subarray(0, 4000) })
  for (const pieces of [
    [Buffer.concat([first, second])],
    [first, second],
    [first, Buffer.concat([second.subarray(0, 9)]), second.subarray(9)],
  ]) {
    const { inflate } = open(dictionary)
    assert.ok((await inflate(...pieces)).equals(text.subarray(2000, 9000)))
  }
})

test('reads what follows a final block in the same piece, also for a reader that pauses at each part', async () => {
  const blocks = [deflateRawSync(text.subarray(0, 100)), deflateRawSync(text.subarray(100, 70_000))]
  const payload = Buffer.concat([...blocks, deflate(text.subarray(70_000))])
  // The first piece ends after the first byte, after the first byte of the second block, and at every other kind of
  // position.
  for (const cut of [1, 2, blocks[0].length + 1, blocks[0].length + 9, payload.length - 1]) {
    const { inflate, sink, stream } = open()
    const onInflated = sink.onInflated.bind(sink)
    sink.onInflated = (bytes) => {
      onInflated(bytes)
      stream.pause()
      setImmediate(() => stream.resume())
    }
    assert.ok((await inflate(payload.subarray(0, cut), payload.subarray(cut))).equals(text), String(cut))
  }
})

test('accepts a message that ends with its stream, and one without any byte', async () => {
  const { inflate } = open()
  assert.ok((await inflate(deflateRawSync(text))).equals(text))
  const late = open()
  assert.ok((await late.inflate(deflateRawSync(text), Buffer.alloc(0))).equals(text))
  const empty = open()
  assert.is((await empty.inflate(Buffer.alloc(0), Buffer.alloc(0))).length, 0)
  assert.is((await open().inflate(Buffer.of(0))).length, 0)
})

test('fails with 1007 for invalid data, a truncated block and data after the last block', async () => {
  for (const payload of [
    Buffer.from('ffffff', 'hex'),
    deflate(text).subarray(0, -20),
    Buffer.from('00ffff0000', 'hex'),
  ]) {
    const { inflate, sink } = open()
    await inflate(payload)
    assert.is(sink.error?.closeCode, 1007)
  }
})

test('fails with 1007 for a stored block that lacks any number of bytes', async () => {
  for (let missing = 1; missing < 160; missing++) {
    const content = Buffer.from('words and words')
    const header = Buffer.alloc(5)
    header.writeUInt16LE(content.length + missing, 1)
    header.writeUInt16LE(0xffff - content.length - missing, 3)
    const { inflate, sink } = open()
    await inflate(Buffer.concat([header, content]))
    assert.is(sink.error?.closeCode, 1007, String(missing))
  }
  // A complete message whose content looks like the ending that is appended to it.
  const { inflate } = open()
  assert.is((await inflate(Buffer.from('000c00f3ff0800f7ffa53c96e15ac3691e00', 'hex'))).length, 12)
})

test('fails with 1008 for too many final blocks', async () => {
  const { inflate, sink } = open()
  await inflate(Buffer.concat(Array(300).fill(deflateRawSync(Buffer.from('x')))))
  assert.is(sink.error?.closeCode, 1008)
})

test('does not inflate the rest of a decompression bomb while its output is not read', async () => {
  const { stream, sink } = open()
  stream.pause()
  stream.push(deflate(Buffer.alloc(16 * 1024 * 1024)), true)
  await turns(50)
  assert.is(sink.length, 0)
  stream.resume()
  await until(() => sink.length > 0)
  stream.pause()
  const before = sink.length
  await turns(50)
  assert.ok(sink.length - before < 256 * 1024, String(sink.length - before))
  stream.resume()
  await until(() => sink.pieces === 1)
  assert.is(sink.length, 16 * 1024 * 1024)
})

test('calls nothing after release', async () => {
  const { stream, sink } = open()
  stream.push(deflate(text), false)
  stream.release()
  await turns(50)
  assert.is(sink.length + sink.pieces, 0)
})

test('reads what the deflate stream makes, part by part', async () => {
  const settings = { level: 4, memLevel: 8, windowBits: 8 }
  let isReleased = false
  const deflater = new DeflateStream(settings, () => {
    isReleased = true
  })
  const { inflate, sink } = open()
  const pieces: Buffer[] = []
  for (const part of ['one', 'two', 'one two']) pieces.push(await deflater.push(Buffer.from(part)))
  assert.is(String(await inflate(...pieces, deflater.finish())), 'onetwoone two')
  assert.is(sink.error, null)
  deflater.release()
  assert.ok(isReleased)
})
