import { frame } from '../support/wire.ts'
import type { Random } from './random.ts'

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

/** A stream of frames as a peer of some sense sends it, at times with a fault, and at times damaged. */
export function makeFrames(random: Random, key: boolean): Buffer {
  const parts: Buffer[] = []
  let isInside = false
  const masking = (): Uint8Array | null => (key ? random.bytes(4) : null)
  for (let count = 1 + random.below(random.pick([5, 40, 200])); count > 0; count--) {
    const rest = { key: masking() }
    const kind = random.below(100)
    if (kind < 12) parts.push(frame(9, random.bytes(random.size(20)), rest))
    else if (kind < 18) parts.push(frame(10, random.bytes(random.size(125)), rest))
    else if (kind < 19 && random.chance(0.3)) parts.push(closeOf(random, rest.key))
    else if (kind < 20 && random.chance(0.3)) parts.push(faultOf(random, rest.key))
    else {
      const fin = !random.chance(0.4)
      const opcode = isInside ? 0 : random.pick([1, 2])
      parts.push(frame(opcode, payloadOf(random), { ...rest, fin }))
      isInside = !fin
    }
  }
  const bytes = Buffer.concat(parts)
  if (random.chance(0.3)) return random.mutate(bytes)
  return random.chance(0.1) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes
}

function payloadOf(random: Random): Buffer {
  const kind = random.below(40)
  if (kind < 30) return Buffer.from(random.pick(TEXTS))
  if (kind === 30) {
    const text = Buffer.from(random.pick(TEXTS).repeat(1 + random.below(4)))
    return text.subarray(0, random.below(text.length + 1))
  }
  if (kind === 31 && random.chance(0.3))
    return Buffer.concat([Buffer.from('ok'), Buffer.from(random.pick(BAD), 'hex'), Buffer.from('ok')])
  if (kind === 32 && random.chance(0.3)) return random.bytes(random.size(400))
  if (kind === 33 && random.chance(0.02)) return Buffer.alloc(random.pick([65_535, 65_536, 70_000]), 0x61)
  return Buffer.alloc(random.size(600), 0x61)
}

function closeOf(random: Random, key: Uint8Array | null): Buffer {
  const code = random.pick([
    1000,
    1001,
    1002,
    1004,
    1005,
    1006,
    1007,
    1014,
    1015,
    2999,
    3000,
    4999,
    5000,
    random.below(65_536),
  ])
  const body = Buffer.concat([Buffer.from([code >> 8, code & 255]), payloadOf(random).subarray(0, 123)])
  return frame(8, body.subarray(0, random.chance(0.3) ? random.below(3) : body.length), { key })
}

/** One frame that breaks a rule. */
function faultOf(random: Random, key: Uint8Array | null): Buffer {
  const bytes = frame(random.below(16), payloadOf(random), {
    key: random.chance(0.1) ? null : key,
    fin: random.chance(0.5),
    rsv: random.chance(0.5) ? random.below(8) : 0,
  })
  if (!random.chance(0.4)) return bytes
  const lengths = [
    '007e',
    '00000000000000ff',
    '000000000000ffff',
    '0000000000010000',
    '7fffffffffffffff',
    '8000000000000000',
    '001fffffffffffff',
    '0020000000000000',
  ]
  const length = Buffer.from(random.pick(lengths), 'hex')
  const second = (key === null ? 0 : 0x80) | (length.length === 2 ? 126 : 127)
  return Buffer.concat([
    Buffer.from([0x80 | random.pick([0, 1, 2, 9]), second]),
    length,
    random.bytes(random.below(12)),
  ])
}
