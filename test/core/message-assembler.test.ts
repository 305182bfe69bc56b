import { ProtocolError } from '../../src/core/errors.ts'
import { MessageAssembler, type MessageSink } from '../../src/core/message-assembler.ts'
import type { MessageCodec } from '../../src/core/message-codec.ts'
import { takeBuffer } from '../../src/fast/buffer-pool.ts'
import { fastEngine } from '../../src/fast/engine.ts'
import { assert, suite } from '../support/unit.ts'
import { hex } from '../support/wire.ts'

const test = suite('message-assembler')

class Recorder implements MessageSink {
  readonly messages: string[] = []
  isAscii = false
  memory: Buffer | null = null

  onTextMessage(bytes: Buffer, start: number, end: number, isAscii: boolean): void {
    this.messages.push(`text ${bytes.toString('utf8', start, end)}`)
    this.isAscii = isAscii
    this.memory = bytes
  }

  onBinaryMessage(bytes: Buffer, start: number, end: number): void {
    this.messages.push(`binary ${bytes.toString('hex', start, end)}`)
    this.memory = bytes
  }
}

const isAscii = (bytes: Buffer): boolean => bytes.every((byte) => byte < 0x80)

/** A codec that records the messages that it should inflate, and does nothing else. */
class NotingCodec implements MessageCodec {
  readonly payloads: string[] = []

  decompress(payload: Uint8Array, _limit: number, done: (error: null, message: Uint8Array) => void): void {
    this.payloads.push(Buffer.from(payload).toString('hex'))
    done(null, Buffer.alloc(0))
  }

  wantsCompression = (): boolean => false
  compress(): void {}
  release(): void {}
}

function make(limits: { maxMessageSize?: number; maxFrames?: number } = {}) {
  const recorder = new Recorder()
  const codec = new NotingCodec()
  const codecSink = { onCodecBusy() {}, onCodecDone() {} }
  const all = { maxMessageSize: 1000, maxFrames: 100, ...limits }
  const assembler = new MessageAssembler(recorder, { limits: all, codec, codecSink, engine: fastEngine })
  const take = (opcode: number, payload: string | Buffer, fin = true, rsv1 = false): void => {
    const bytes = Buffer.from(payload as string)
    assembler.onFrameHeader(fin, rsv1, opcode, bytes.length)
    assembler.onFramePayload(bytes, 0, bytes.length, isAscii(bytes), true)
  }
  return { recorder, assembler, take, codec }
}

function violationOf(action: () => void): ProtocolError {
  try {
    action()
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
  throw new Error('expected a violation')
}

test('passes on a message in one piece without a copy', () => {
  const { recorder, assembler } = make()
  const bytes = hex('ff ff 01 02 ff')
  assembler.onFrameHeader(true, false, 2, 2)
  assembler.onFramePayload(bytes, 2, 4, true, true)
  assert.equal(recorder.messages, ['binary 0102'])
  assert.is(recorder.memory, bytes)
})

test('joins fragments, including empty ones, and is ready for the next message', () => {
  const { recorder, assembler, take } = make()
  take(1, '', false)
  take(0, 'ab', false)
  assert.ok(assembler.inMessage)
  take(0, '', false)
  take(0, 'cd')
  take(2, hex('01'), false)
  take(0, '')
  take(1, '', false)
  take(0, '')
  assert.equal(recorder.messages, ['text abcd', 'binary 01', 'text '])
  assert.not(assembler.inMessage)
})

test('puts the pieces of one frame together', () => {
  const { recorder, assembler } = make()
  const bytes = Buffer.from('hello world')
  assembler.onFrameHeader(true, false, 1, 11)
  assembler.onFramePayload(bytes, 0, 0, true, false)
  assembler.onFramePayload(bytes, 0, 5, true, false)
  assembler.onFramePayload(bytes, 5, 11, true, true)
  assert.equal(recorder.messages, ['text hello world'])
  assert.ok(recorder.isAscii)
})

test('fails with 1002 for a continuation without a message and for a message inside a message', () => {
  assert.is(violationOf(() => make().take(0, 'x')).code, 'ERR_WS_CONTINUATION_UNEXPECTED')
  const { take } = make()
  take(1, 'x', false)
  const error = violationOf(() => take(1, 'y'))
  assert.is(error.code, 'ERR_WS_CONTINUATION_EXPECTED')
  assert.is(error.closeCode, 1002)
})

test('fails with 1009 when a header announces more than the limit, before the payload arrives', () => {
  const { assembler, take } = make({ maxMessageSize: 10 })
  take(2, Buffer.alloc(10))
  take(2, Buffer.alloc(6), false)
  const error = violationOf(() => assembler.onFrameHeader(true, false, 0, 5))
  assert.is(error.closeCode, 1009)
  assert.match(error.message, 'at least 11 bytes; allowed: at most 10')
})

test('S-27: fails with 1009 when announced lengths add up past 2^53', () => {
  const { assembler } = make({ maxMessageSize: 2 ** 31 })
  assembler.onFrameHeader(false, false, 2, 1000)
  assert.is(violationOf(() => assembler.onFrameHeader(false, false, 0, Number.MAX_SAFE_INTEGER)).closeCode, 1009)
})

test('S-08 S-15: fails with 1008 when a message has more frames than allowed, empty ones counted', () => {
  const { take } = make({ maxFrames: 3 })
  take(1, '', false)
  take(0, '', false)
  take(0, '')
  take(1, '', false)
  take(0, '', false)
  take(0, '', false)
  assert.is(violationOf(() => take(0, '')).closeCode, 1008)
})

test('fails with 1007 at the first invalid byte, whichever piece contains it', () => {
  assert.is(violationOf(() => make().take(1, hex('ff'))).closeCode, 1007)
  assert.is(violationOf(() => make().take(1, hex('c3'))).closeCode, 1007)
  const { assembler, take } = make()
  take(1, hex('41 e2 82'), false)
  assembler.onFrameHeader(true, false, 0, 500)
  assert.is(violationOf(() => assembler.onFramePayload(hex('28'), 0, 1, true, false)).closeCode, 1007)
  const unfinished = make()
  unfinished.take(1, hex('e2 82'), false)
  assert.is(violationOf(() => unfinished.take(0, '')).closeCode, 1007)
})

test('accepts characters that are split between fragments, ASCII pieces between them, and unchecked bytes', () => {
  const { recorder, assembler, take } = make()
  take(1, 'abc', false)
  take(0, hex('e2'), false)
  take(0, hex('82 ac'), false)
  take(0, 'def', false)
  take(0, hex('c3 a4'))
  assembler.onFrameHeader(true, false, 1, 2)
  assembler.onFramePayload(Buffer.from('ok'), 0, 2, false, true)
  assert.equal(recorder.messages, ['text abc€defä', 'text ok'])
  assert.not(recorder.isAscii)
})

test('passes a compressed message to the codec unchanged, without checking its text, and allows for stored blocks', () => {
  const { codec, take } = make({ maxMessageSize: 10 })
  take(1, hex('ff'), false, true)
  take(0, hex('fe'))
  assert.equal(codec.payloads, ['fffe'])
  take(2, Buffer.alloc(40), true, true)
  assert.is(violationOf(() => take(2, Buffer.alloc(100), true, true)).closeCode, 1009)
})

test('S-07: uses little more memory than what has arrived, never what was announced', () => {
  const { assembler } = make({ maxMessageSize: 1 << 30, maxFrames: 1e9 })
  assembler.onFrameHeader(true, false, 2, 1 << 30)
  assembler.onFramePayload(Buffer.alloc(65_536), 0, 65_536, true, false)
  assert.ok(assembler.memoryUsed <= 4 * 65_536)
  assembler.reset()
  assert.is(assembler.memoryUsed, 0)
  const byte = Buffer.from('x')
  for (let i = 0; i < 100_000; i++) {
    assembler.onFrameHeader(false, false, i === 0 ? 2 : 0, 1)
    assembler.onFramePayload(byte, 0, 1, true, true)
  }
  assert.ok(assembler.memoryUsed < 4 * 100_000)
})

test('never uses more than the limit while fragments are gathered', () => {
  const { assembler, take } = make({ maxMessageSize: 6000 })
  take(2, Buffer.alloc(4500), false)
  take(2 - 2, Buffer.alloc(1400), false)
  assert.ok(assembler.memoryUsed <= 6000)
})

test('allocates the announced size of a large frame at once when a sixteenth of it has arrived', () => {
  const size = 32 * 1024 * 1024
  const { assembler } = make({ maxMessageSize: size })
  assembler.onFrameHeader(true, false, 2, size)
  const piece = Buffer.alloc(1024 * 1024, 1)
  assembler.onFramePayload(piece, 0, piece.length, true, false)
  assert.is(assembler.memoryUsed, 2 * piece.length)
  assembler.onFramePayload(piece, 0, piece.length, true, false)
  assert.is(assembler.memoryUsed, 2 * piece.length)
  assembler.onFramePayload(piece, 0, 1, true, false)
  assert.is(assembler.memoryUsed, size)
})

test('allocates the announced size at once when a quarter of it has arrived', () => {
  const { assembler, recorder } = make({ maxMessageSize: 100_000 })
  assembler.onFrameHeader(true, false, 2, 100_000)
  assembler.onFramePayload(Buffer.alloc(30_000, 1), 0, 30_000, true, false)
  assert.is(assembler.memoryUsed, 100_000)
  assembler.onFramePayload(Buffer.alloc(70_000, 1), 0, 70_000, true, true)
  assert.is(recorder.memory?.length, 100_000)
})

test('grows once for a frame of 1 MiB that arrives with its header in reads of 64 KiB', () => {
  const size = 1024 * 1024
  const { assembler, recorder } = make({ maxMessageSize: size })
  assembler.onFrameHeader(true, false, 2, size)
  const sizes = new Set<number>()
  for (let at = 0; at < size; ) {
    const end = Math.min(size, (at === 0 ? -14 : at) + 65_536)
    assembler.onFramePayload(Buffer.alloc(end - at), 0, end - at, true, end === size)
    if (end < size) sizes.add(assembler.memoryUsed)
    at = end
  }
  assert.equal([...sizes], [256 * 1024, size])
  assert.is(recorder.memory?.length, size)
})

/** Removes the buffers that other tests of this process may have left. */
function emptyPool(): void {
  for (let size = 1 << 15; size <= 1 << 20; size *= 2) while (takeBuffer(size) !== null);
}

test('gathers a long text where one before was gathered, other messages where nothing was', () => {
  emptyPool()
  const { recorder, assembler } = make({ maxMessageSize: 1 << 20 })
  const size = 200_000
  const send = (opcode: number, rsv1 = false): Buffer => {
    const bytes = Buffer.alloc(size, 0x61)
    assembler.onFrameHeader(true, rsv1, opcode, size)
    assembler.onFramePayload(bytes, 0, 150_000, true, false)
    assembler.onFramePayload(bytes, 150_000, size, true, true)
    return recorder.memory!
  }
  const first = send(1)
  assert.is(first.length, size)
  assert.is.not(send(2), first)
  send(1, true)
  assert.is(send(1), first)
  assert.is(recorder.messages.at(-1), `text ${'a'.repeat(size)}`)
})

test('reuses the memory that a long text has outgrown for the next', () => {
  emptyPool()
  const { recorder, assembler } = make({ maxMessageSize: 1 << 20 })
  const piece = Buffer.alloc(70_000, 0x61)
  const memories = new Set<Buffer>()
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 10; i++) {
      assembler.onFrameHeader(i === 9, false, i === 0 ? 1 : 0, piece.length)
      assembler.onFramePayload(piece, 0, piece.length, true, true)
      assert.ok(assembler.memoryUsed <= 4 * (i + 1) * piece.length)
    }
    memories.add(recorder.memory!)
    assert.is(recorder.messages.at(-1), `text ${'a'.repeat(700_000)}`)
  }
  assert.is(memories.size, 1)
})
