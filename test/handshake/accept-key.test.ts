import { acceptKey, isValidKey, makeKey } from '../../src/handshake/accept-key.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('accept-key')

test('hs.ok.accept-vector: answers the key of RFC 6455 §1.3', () => {
  assert.is(acceptKey('dGhlIHNhbXBsZSBub25jZQ=='), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
})

test('accepts the base64 of any 16 bytes as a key', () => {
  for (const key of [
    'dGhlIHNhbXBsZSBub25jZQ==',
    'AAAAAAAAAAAAAAAAAAAAAA==',
    '/////////////////////w==',
    '++++++++++++++++++++++==',
  ]) {
    assert.is(isValidKey(key), true, key)
  }
})

test('hs.ok.key-rfc-example: accepts the key printed in RFC 6455 §4.1, whose padding bits are set', () => {
  assert.is(isValidKey('AQIDBAUGBwgJCgsMDQ4PEC=='), true)
})

test('hs.key.len-*: refuses the base64 of any other number of bytes', () => {
  for (const length of [0, 1, 8, 15, 17, 18, 24, 32, 64, 3072]) {
    assert.is(isValidKey(Buffer.alloc(length, 7).toString('base64')), false, `${length} bytes`)
  }
})

test('hs.key.*: refuses everything but 16 bytes in base64', () => {
  const bad = {
    'not-base64': '!!!!!!!!!!!!!!!!!!!!!!==',
    'no-padding': 'AAAAAAAAAAAAAAAAAAAAAA',
    'half-padding': 'AAAAAAAAAAAAAAAAAAAAAA=',
    'extra-padding': 'AAAAAAAAAAAAAAAAAAAAAA===',
    'url-safe': 'AAAAAAAAA-AAAA_AAAAAAA==',
    'inner-space': 'AAAAAAAAAAA AAAAAAAAAA==',
    'inner-equals': 'AAAA=AAAAAAAAAAAAAAAAA==',
    '18-bytes': 'AAAAAAAAAAAAAAAAAAAAAAAA',
    '17-bytes': 'AAAAAAAAAAAAAAAAAAAAAAA=',
  }
  for (const [row, key] of Object.entries(bad)) assert.is(isValidKey(key), false, row)
})

test('classifies each of the 256 bytes as base64 or not', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  for (let byte = 0; byte < 256; byte++) {
    const character = String.fromCharCode(byte)
    assert.is(isValidKey(`${character.padStart(22, 'A')}==`), alphabet.includes(character), `byte ${byte}`)
  }
})

test('makes valid keys that differ', () => {
  const keys = new Set(Array.from({ length: 100 }, makeKey))
  assert.is(keys.size, 100)
  for (const key of keys) {
    assert.is(isValidKey(key), true, key)
    assert.is(Buffer.from(key, 'base64').toString('base64'), key)
  }
})
