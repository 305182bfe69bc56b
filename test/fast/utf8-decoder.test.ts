import { PIECE_AT, PIECE_SIZE, simd, UNITS_AT } from '../../src/fast/simd.ts'
import { decodeUtf8, isFastDecoder, makeDecoder, type Utf8Decoder } from '../../src/fast/utf8-decoder.ts'
import { fastPath, testWith } from '../support/need.ts'
import { seededRandom } from '../support/random.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('utf8 decoder')
const fast = testWith(test, fastPath(simd !== null))

/** Decodes UTF-8 slowly and obviously, as the oracle (RFC 3629 §3). */
function decodeSlowly(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at++]
    const owed = lead < 0xc0 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3
    let code = owed === 0 ? lead : lead & (0x3f >> owed)
    for (let i = 0; i < owed; i++) code = (code << 6) | (bytes[at++] & 0x3f)
    text += String.fromCodePoint(code)
  }
  return text
}

const alphabets = {
  ASCII: 'az 09',
  'Latin-1': 'aé ÿß\u{80}',
  '2 bytes': 'яЖ\u{80}\u{7ff}',
  '3 bytes': '一\u{800}\u{d7ff}\u{e000}\u{ffff}',
  '4 bytes': '😀\u{10000}\u{10ffff}',
  'all lengths': 'aaaé\u{7ff}一字\u{ffff}😀\u{10ffff}',
}

function randomText(alphabet: string, length: number, random: () => number): string {
  const characters = [...alphabet]
  return Array.from({ length }, () => characters[Math.floor(random() * characters.length)]).join('')
}

/** Decodes `bytes` between other bytes, in the memory of WebAssembly when there is room. */
function decodeBetween(decode: Utf8Decoder, bytes: Buffer, inWindow: boolean): string {
  const target = inWindow ? simd!.window : Buffer.alloc(bytes.length + 40)
  const noise = Buffer.from('一aé😀')
  target.fill(noise, 0, Math.min(target.length, bytes.length + 40))
  bytes.copy(target, 7)
  return decode(target, 7, 7 + bytes.length)
}

const places = simd === null ? [false] : [false, true]
const decoders = simd === null ? [decodeUtf8] : [decodeUtf8, makeDecoder(simd)]

test('decodes texts of every alphabet and length as the oracle does, wherever they lie', () => {
  const random = seededRandom(11)
  for (const [name, alphabet] of Object.entries(alphabets)) {
    for (let length = 0; length < 120; length++) {
      const bytes = Buffer.from(randomText(alphabet, length, random))
      const expected = decodeSlowly(bytes)
      for (const inWindow of places) {
        for (const decode of decoders)
          assert.is(decodeBetween(decode, bytes, inWindow), expected, `${length} × ${name}`)
      }
    }
  }
})

test('decodes every character of Unicode', () => {
  for (let plane = 0; plane <= 0x10; plane++) {
    let text = ''
    for (let code = plane << 16; code < (plane + 1) << 16; code++) {
      if (code < 0xd800 || code > 0xdfff) text += String.fromCodePoint(code)
    }
    for (const decode of decoders) assert.ok(decode(Buffer.from(text), 0, Buffer.byteLength(text)) === text, `${plane}`)
  }
})

test('splits a long text between characters, wherever the end of a piece falls', () => {
  for (const alphabet of Object.values(alphabets)) {
    const text = randomText(alphabet, PIECE_SIZE, seededRandom(12))
    for (let lead = 0; lead < 8; lead++) {
      const bytes = Buffer.from('x'.repeat(lead) + text)
      for (const size of [PIECE_SIZE - 8, PIECE_SIZE, PIECE_SIZE + 8, bytes.length]) {
        let end = Math.min(size, bytes.length)
        while ((bytes[end] & 0xc0) === 0x80) end++
        for (const inWindow of end < 65_500 ? places : [false]) {
          for (const decode of decoders) {
            assert.ok(decodeBetween(decode, bytes.subarray(0, end), inWindow) === decodeSlowly(bytes.subarray(0, end)))
          }
        }
      }
    }
  }
})

fast('stores text of Latin-1 in one byte each, as Node does', () => {
  const { window, decode } = simd!
  for (const character of ['a', '\u{80}', 'ÿ', 'Ā', '一', '😀']) {
    for (let at = 0; at < 100; at++) {
      const size = window.write('é'.repeat(at) + character)
      const stop = decode(0, size)
      const [start, bytes] = character <= 'ÿ' ? [PIECE_AT, 1] : [UNITS_AT, 2]
      assert.is(stop, start + (at + character.length) * bytes, `${at} × é, ${character}`)
    }
  }
})

fast('leaves the window and the flags as they are', () => {
  const { window, flags } = simd!
  window.fill(0xa5)
  flags.fill(0x5a)
  for (const alphabet of Object.values(alphabets)) {
    const bytes = Buffer.from(randomText(alphabet, PIECE_SIZE, seededRandom(13)))
    makeDecoder(simd!)(bytes, 0, bytes.length)
  }
  assert.ok(window.every((byte) => byte === 0xa5))
  assert.ok(flags.every((byte) => byte === 0x5a))
})

test('leaves decoding to Node when Node is fast', () => {
  const versions = {
    '20.19.0': false,
    '22.23.3': false,
    '24.12.9': false,
    '24.13.0': false,
    '24.13.1': true,
    '24.14.0': true,
    '25.0.0': true,
    '26.1.0': true,
  }
  for (const [version, isFast] of Object.entries(versions)) assert.is(isFastDecoder(version), isFast, version)
})
