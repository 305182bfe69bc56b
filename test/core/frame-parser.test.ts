import type { ByteEngine } from '../../src/core/byte-engine.ts'
import { ProtocolError } from '../../src/core/errors.ts'
import { type ControlFrameSink, type DataFrameSink, FrameParser, type Role } from '../../src/core/frame-parser.ts'
import { plainEngine } from '../../src/core/plain-engine.ts'
import { fastEngine } from '../../src/fast/engine.ts'
import { assert, suite } from '../support/unit.ts'
import { chunkings, frame, hex } from '../support/wire.ts'

const test = suite('frame-parser')

interface SeenFrame {
  fin: boolean
  rsv1: boolean
  opcode: number
  length: number
  payload: Buffer
  whole: boolean
}

class Recorder implements ControlFrameSink, DataFrameSink {
  readonly frames: SeenFrame[] = []
  isStopped = false

  onControlFrame(opcode: number, bytes: Buffer, start: number, end: number): void {
    this.onWholeMessage(opcode, bytes, start, end)
  }

  onWholeMessage(opcode: number, bytes: Buffer, start: number, end: number): void {
    this.onFrameHeader(true, false, opcode, end - start)
    this.onFramePayload(bytes, start, end, false, true)
  }

  onFrameHeader(fin: boolean, rsv1: boolean, opcode: number, length: number): void {
    this.frames.push({ fin, rsv1, opcode, length, payload: Buffer.alloc(0), whole: false })
  }

  onFramePayload(bytes: Buffer, start: number, end: number, _isAscii: boolean, last: boolean): void {
    const seen = this.frames.at(-1)!
    seen.payload = Buffer.concat([seen.payload, bytes.subarray(start, end)])
    seen.whole = last
  }
}

function parse(chunks: Buffer[], role: Role = 'server', rsv1Allowed = false, engine?: ByteEngine): Recorder {
  const recorder = new Recorder()
  const parser = new FrameParser({ control: recorder, data: recorder }, { role, rsv1Allowed, engine })
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk)
    parser.push(bytes, 0, bytes.length)
  }
  return recorder
}

function violationOf(bytes: Buffer, role: Role = 'server', rsv1Allowed = false): ProtocolError | null {
  try {
    parse([bytes], role, rsv1Allowed)
    return null
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
}

/** Returns the fault of a header that begins with these two bytes, by the words of RFC 6455 §5.2 and §5.5. */
function oracle(first: number, second: number, role: Role, rsv1Allowed: boolean): string | null {
  const bits = first.toString(2).padStart(8, '0')
  const fin = bits[0] === '1'
  const opcode = Number.parseInt(bits.slice(4), 2)
  const dataStart = opcode === 1 || opcode === 2
  if (bits[2] === '1' || bits[3] === '1') return 'ERR_WS_RESERVED_BIT'
  if (bits[1] === '1' && !(rsv1Allowed && dataStart)) return 'ERR_WS_RESERVED_BIT'
  if (![0, 1, 2, 8, 9, 10].includes(opcode)) return 'ERR_WS_RESERVED_OPCODE'
  const masked = second > 127
  if (role === 'server' && !masked) return 'ERR_WS_MASK_REQUIRED'
  if (role === 'client' && masked) return 'ERR_WS_MASK_FORBIDDEN'
  if ([8, 9, 10].includes(opcode) && !fin) return 'ERR_WS_CONTROL_FRAGMENTED'
  if ([8, 9, 10].includes(opcode) && second % 128 > 125) return 'ERR_WS_CONTROL_TOO_LONG'
  return null
}

test('judges all 65,536 pairs of first bytes as the RFC does, in both roles, with and without RSV1', (t) => {
  // Most of the time would go into the stacks of the errors.
  const { stackTraceLimit } = Error
  t.after(() => {
    Error.stackTraceLimit = stackTraceLimit
  })
  Error.stackTraceLimit = 0
  for (const role of ['server', 'client'] as const) {
    for (const rsv1Allowed of [false, true]) {
      for (let pair = 0; pair < 65_536; pair++) {
        const found = violationOf(Buffer.from([pair >> 8, pair & 255]), role, rsv1Allowed)
        const expected = oracle(pair >> 8, pair & 255, role, rsv1Allowed)
        if ((found?.code ?? null) !== expected || (found !== null && found.closeCode !== 1002)) {
          assert.unreachable(`${pair.toString(16)} as ${role}: ${found?.code}, expected ${expected}`)
        }
      }
    }
  }
})

test('reads the same frames however the bytes are split', () => {
  const payloads = ['', 'a', 'x'.repeat(125), 'y'.repeat(126), 'z'.repeat(300)]
  const stream = Buffer.concat([
    ...payloads.map((payload) => frame(1, payload)),
    frame(2, 'frag', { fin: false }),
    frame(9, 'ping'),
    frame(0, '', { fin: false }),
    frame(0, 'end'),
  ])
  const expected = parse([stream]).frames
  assert.equal(
    expected.map((seen) => `${seen.fin ? 'fin ' : ''}${seen.opcode} ${seen.payload}`),
    [...payloads.map((payload) => `fin 1 ${payload}`), '2 frag', 'fin 9 ping', '0 ', 'fin 0 end'],
  )
  for (const engine of [plainEngine, fastEngine]) {
    for (const { name, chunks } of chunkings(stream)) {
      assert.equal(parse(chunks, 'server', false, engine).frames, expected, name)
    }
  }
})

test('reads lengths of 125, 126, 65,535, 65,536 and more', () => {
  for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 70_000]) {
    const payload = Buffer.alloc(length, 'q')
    for (const key of [undefined, null]) {
      const [seen] = parse([frame(2, payload, { key })], key === null ? 'client' : 'server').frames
      assert.is(seen.length, length)
      assert.ok(seen.whole)
      assert.is(Buffer.compare(seen.payload, payload), 0)
    }
  }
})

test('refuses a length that is not in its shortest form, with 1002', () => {
  assert.is(violationOf(hex('82 fe 00 7d'))?.code, 'ERR_WS_LENGTH_NOT_MINIMAL')
  assert.is(violationOf(hex('82 ff 00 00 00 00 00 00 ff ff'))?.code, 'ERR_WS_LENGTH_NOT_MINIMAL')
  const whole = [hex('82 fe 00 05 37 fa 21 3d'), Buffer.alloc(5)]
  assert.is(violationOf(Buffer.concat(whole))?.code, 'ERR_WS_LENGTH_NOT_MINIMAL')
  assert.is(violationOf(hex('82 fe 00 7e 00 00 00 00')), null)
  assert.is(violationOf(hex('82 ff 00 00 00 00 00 01 00 00 00 00 00 00')), null)
})

test('accepts a length that is not in its shortest form with lenientLengths', () => {
  const frames = [
    [hex('82 fe 00 05 00 00 00 00'), Buffer.from('16 bi')],
    [hex('82 ff 00 00 00 00 00 00 00 05 00 00 00 00'), Buffer.from('64 bi')],
  ].map((parts) => Buffer.concat(parts))
  for (const engine of [plainEngine, fastEngine]) {
    for (const { chunks, name } of chunkings(Buffer.concat(frames))) {
      const recorder = new Recorder()
      const sinks = { control: recorder, data: recorder }
      const parser = new FrameParser(sinks, { role: 'server', lenientLengths: true, engine })
      for (const chunk of chunks) parser.push(Buffer.from(chunk), 0, chunk.length)
      assert.equal(
        recorder.frames.map(({ payload }) => String(payload)),
        ['16 bi', '64 bi'],
        name,
      )
    }
  }
})

test('S-02 S-12 S-35: refuses a 64-bit length with its top bit set with 1002, one beyond 2^53 with 1009', () => {
  assert.is(violationOf(hex('82 ff 80'))?.closeCode, 1002)
  assert.is(violationOf(hex('82 ff 80 00 00 00 00 00 00 00'))?.code, 'ERR_WS_LENGTH_INVALID')
  assert.is(violationOf(hex('82 ff 00 20 00 00 00 00 00 00'))?.closeCode, 1009)
  assert.is(violationOf(hex('82 ff 00 1f ff ff ff ff ff ff')), null)
})

test('finds each violation before the masking key and the payload arrive', () => {
  assert.is(violationOf(hex('f1'))?.code, 'ERR_WS_RESERVED_BIT')
  assert.is(violationOf(hex('83'))?.code, 'ERR_WS_RESERVED_OPCODE')
  assert.is(violationOf(hex('81 05'))?.code, 'ERR_WS_MASK_REQUIRED')
})

test('finds the same violation in a header that arrives byte by byte', () => {
  for (const bytes of ['82 ff 80 00', '82 fe 00 10', '89 fe', '09 80', '81 00'].map(hex)) {
    const found = violationOf(bytes)!
    const single = [...bytes].map((byte) => Buffer.from([byte]))
    try {
      parse(single)
      assert.unreachable('expected a violation')
    } catch (error) {
      assert.is((error as ProtocolError).code, found.code)
    }
  }
})

test('says which reserved bits it found and which are allowed', () => {
  assert.is(violationOf(hex('f1 80'))?.message, 'reserved bit set: RSV1, RSV2, RSV3; allowed: none')
  assert.is(
    violationOf(hex('c9 80'), 'server', true)?.message,
    'reserved bit set: RSV1; allowed: RSV1 on the first frame of a message',
  )
})

test('stops between frames when the sink requests it, and continues from there', () => {
  for (const [fin, engine] of [
    [true, plainEngine],
    [true, fastEngine],
    [false, plainEngine],
  ] as const) {
    const stream = Buffer.concat([frame(1, 'one', { fin }), frame(0, 'two'), frame(1, 'three')])
    const recorder = new Recorder()
    const parser = new FrameParser({ control: recorder, data: recorder }, { role: 'server', engine })
    const { onFramePayload } = recorder
    recorder.onFramePayload = (...args) => {
      onFramePayload.apply(recorder, args)
      recorder.isStopped = true
    }
    const at = parser.push(stream, 0, stream.length)
    assert.is(at, 2 + 4 + 3)
    recorder.isStopped = false
    assert.is(parser.push(stream, at, stream.length), at + 2 + 4 + 3)
    recorder.isStopped = false
    parser.push(stream, at + 9, stream.length)
    assert.equal(
      recorder.frames.map((seen) => seen.payload.toString()),
      ['one', 'two', 'three'],
    )
  }
})

test('knows where in a frame the input so far ends', () => {
  const recorder = new Recorder()
  const parser = new FrameParser({ control: recorder, data: recorder }, { role: 'server' })
  assert.ok(parser.atBoundary)
  const bytes = frame(1, 'hello')
  parser.push(bytes, 0, 3)
  assert.ok(parser.inHeader)
  assert.not(parser.atBoundary)
  parser.push(bytes, 3, 8)
  assert.not(parser.inHeader)
  assert.not(parser.atBoundary)
  parser.push(bytes, 8, bytes.length)
  assert.ok(parser.atBoundary)
})
