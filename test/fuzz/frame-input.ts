import fc, { type Arbitrary } from 'fast-check'
import { bytes, chance, maybeDamaged } from '../support/arbitrary.ts'
import { frame } from '../support/wire.ts'

const TEXTS = [
  '',
  'a',
  'hello',
  'é',
  '€uro',
  '😀',
  'x'.repeat(125),
  'x'.repeat(126),
  'ü'.repeat(63),
  '\u0000',
  'a\ufffdb',
]
const BAD = ['ff', 'c0af', 'eda080', 'f4908080', 'e282', 'f0808080', '80', 'c3', 'f5', 'e0809f']
const CLOSE_CODES = [1000, 1001, 1002, 1004, 1005, 1006, 1007, 1014, 1015, 2999, 3000, 4999, 5000]
const LENGTHS = [
  '007e',
  '00000000000000ff',
  '000000000000ffff',
  '0000000000010000',
  '7fffffffffffffff',
  '8000000000000000',
  '001fffffffffffff',
  '0020000000000000',
]

const texts = fc.constantFrom(...TEXTS).map((text) => Buffer.from(text))
const letters = (length: number): Buffer => Buffer.alloc(length, 0x61)

const payloads: Arbitrary<Buffer> = fc.oneof(
  { weight: 3000, arbitrary: texts },
  { weight: 800, arbitrary: fc.nat(600).map(letters) },
  {
    weight: 100,
    arbitrary: fc
      .tuple(texts, fc.integer({ min: 1, max: 4 }), fc.nat())
      .map(([text, count, end]) => Buffer.concat(Array(count).fill(text)).subarray(0, end % (text.length * count + 1))),
  },
  { weight: 30, arbitrary: fc.constantFrom(...BAD).map((bad) => Buffer.from(`6f6b${bad}6f6b`, 'hex')) },
  { weight: 30, arbitrary: bytes(400) },
  { weight: 2, arbitrary: fc.constantFrom(65_535, 65_536, 70_000).map(letters) },
)

/** A frame without its masking key. A data frame becomes a continuation where the earlier frames require one. */
type Part =
  | { kind: 'data'; opcode: number; payload: Buffer; fin: boolean }
  | { kind: 'control'; opcode: number; payload: Buffer }
  | { kind: 'fault'; opcode: number; payload: Buffer; fin: boolean; rsv: number; flipsMask: boolean }
  | { kind: 'length'; opcode: number; length: Buffer; behind: Buffer }

const closeBodies = fc
  .tuple(fc.oneof(fc.constantFrom(...CLOSE_CODES), fc.nat(65_535)), payloads, fc.option(fc.nat(2)))
  .map(([code, reason, end]) =>
    Buffer.concat([Buffer.from([code >> 8, code & 255]), reason.subarray(0, 123)]).subarray(0, end ?? 125),
  )

const control = (opcode: number, payload: Arbitrary<Buffer>): Arbitrary<Part> =>
  fc.record({ kind: fc.constant('control' as const), opcode: fc.constant(opcode), payload })

const parts: Arbitrary<Part> = fc.oneof(
  {
    weight: 810,
    arbitrary: fc.record({
      kind: fc.constant('data' as const),
      opcode: fc.constantFrom(1, 2),
      payload: payloads,
      fin: chance(60),
    }),
  },
  { weight: 120, arbitrary: control(9, bytes(20)) },
  { weight: 60, arbitrary: control(10, bytes(125)) },
  { weight: 3, arbitrary: control(8, closeBodies) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      opcode: fc.nat(15),
      payload: payloads,
      fin: fc.boolean(),
      rsv: fc.oneof(fc.constant(0), fc.nat(7)),
      flipsMask: chance(10),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('length' as const),
      opcode: fc.constantFrom(0, 1, 2, 9),
      length: fc.constantFrom(...LENGTHS).map((length) => Buffer.from(length, 'hex')),
      behind: bytes(12),
    }),
  },
)

function encode(all: readonly Part[], keys: readonly Buffer[], isMasked: boolean): Buffer {
  let isInside = false
  const encodeOne = (part: Part, index: number): Buffer => {
    const key = isMasked ? keys[index % keys.length] : null
    if (part.kind === 'control') return frame(part.opcode, part.payload, { key })
    if (part.kind === 'fault') {
      const { flipsMask, opcode, payload, fin, rsv } = part
      const other = isMasked ? null : keys[0]
      return frame(opcode, payload, { fin, rsv, key: flipsMask ? other : key })
    }
    if (part.kind === 'length') {
      const second = (isMasked ? 0x80 : 0) | (part.length.length === 2 ? 126 : 127)
      return Buffer.concat([Buffer.from([0x80 | part.opcode, second]), part.length, part.behind])
    }
    const opcode = isInside ? 0 : part.opcode
    isInside = !part.fin
    return frame(opcode, part.payload, { fin: part.fin, key })
  }
  return Buffer.concat(all.map(encodeOne))
}

/** Short streams and long ones. */
const streams = fc.oneof(
  { withCrossShrink: true },
  fc.array(parts, { minLength: 1, maxLength: 5 }),
  fc.array(parts, { minLength: 5, maxLength: 40 }),
  fc.array(parts, { minLength: 40, maxLength: 200 }),
)
const keys = fc.array(fc.uint8Array({ minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 5 })

/** Returns an arbitrary of valid streams of frames with occasional faults, some of which are damaged or truncated. */
export function frames(isMasked: boolean): Arbitrary<Buffer> {
  const whole = fc.tuple(streams, keys).map(([all, keys]) =>
    encode(
      all,
      keys.map((key) => Buffer.from(key)),
      isMasked,
    ),
  )
  const short = fc.tuple(whole, fc.nat()).map(([bytes, end]) => bytes.subarray(0, end % (bytes.length + 1)))
  return fc.oneof({ weight: 9, arbitrary: maybeDamaged(whole, 30) }, { weight: 1, arbitrary: short })
}
