import { isValidUtf8, Utf8Validator } from '../../src/core/text.ts'
import { decodeText } from '../../src/fast/utf8-decoder.ts'
import { assert, suite } from '../support/unit.ts'
import { chunkings, hex } from '../support/wire.ts'

const test = suite('text')

/**
 * Returns the index of the first byte that the slow oracle rejects; -1 when the bytes may begin a valid text (RFC 3629
 * §4).
 */
function firstBadByte(bytes: Buffer): number {
  let owed = 0
  let lowest = 0x80
  let highest = 0xbf
  for (const [at, byte] of bytes.entries()) {
    if (owed > 0) {
      if (byte < lowest || byte > highest) return at
      owed--
      lowest = 0x80
      highest = 0xbf
    } else if (byte >= 0x80) {
      if (byte < 0xc2 || byte > 0xf4) return at
      owed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
      lowest = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80
      highest = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf
    }
  }
  return -1
}

/** Returns the index of the piece at which the validator fails; -1 when it accepts all pieces. */
function failingPiece(chunks: Buffer[]): number {
  const validator = new Utf8Validator()
  return chunks.findIndex((chunk) => !validator.push(chunk, 0, chunk.length))
}

/** Returns the index of the piece that contains the byte at `position`. */
function pieceOf(chunks: Buffer[], position: number): number {
  return chunks.findIndex((_, i) => Buffer.concat(chunks.slice(0, i + 1)).length > position)
}

const samples = [
  'ce ba e1 bd b9 cf 83 ce bc ce b5',
  'f4 8f bf bf',
  'f4 90 80 80',
  'ed 9f bf ee 80 80',
  'ed a0 80',
  'c0 af',
  'e0 80 af',
  'e0 a0 80',
  'f0 80 80 af',
  'f0 90 80 80',
  'f8 88 80 80 80',
  '80',
  'c3',
  'c3 28',
  'e2 82',
  'e2 28 a1',
  'f0 9f 98',
  'f0 28 8c bc',
  'ff',
  '41 42 80 43',
].map(hex)

test('fails with the piece that contains the first invalid byte, however the bytes are split', () => {
  for (const sample of samples) {
    for (const bytes of [sample, Buffer.concat([Buffer.from('äbc — '), sample, Buffer.from('xyz')])]) {
      const bad = firstBadByte(bytes)
      for (const { name, chunks } of chunkings(bytes)) {
        const expected = bad === -1 ? -1 : pieceOf(chunks, bad)
        assert.is(failingPiece(chunks), expected, `${bytes.toString('hex')} ${name}`)
      }
    }
  }
})

test('agrees with the oracle on every sequence of two bytes and every lead with its second and third', () => {
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second++) {
      for (const tail of [[], [0x80], [0xbf, 0x41]]) {
        const bytes = Buffer.from([first, second, ...tail])
        assert.is(failingPiece([bytes]), firstBadByte(bytes) === -1 ? -1 : 0, bytes.toString('hex'))
      }
    }
  }
})

test('is complete only between sequences, and again after a reset', () => {
  const validator = new Utf8Validator()
  assert.ok(validator.push(hex('41 e2 82'), 0, 3))
  assert.not(validator.complete)
  assert.ok(validator.push(hex('ac'), 0, 1))
  assert.ok(validator.complete)
  validator.push(hex('ed'), 0, 1)
  validator.reset()
  assert.ok(validator.complete)
  assert.ok(validator.push(hex('41'), 0, 1))
})

test('checks only the given range', () => {
  assert.ok(isValidUtf8(hex('ff 41 ff'), 1, 2))
  assert.not(isValidUtf8(hex('ff 41 ff'), 1, 3))
  assert.is(decodeText(hex('ff 41 42 ff'), 1, 3, true), 'AB')
  assert.is(decodeText(hex('ff e2 82 ac ff'), 1, 4, false), '€')
})
