import { encodeFrame } from '../../src/core/frame-encoder.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { frame, hex } from '../support/wire.ts'

const test = suite('frame-encoder')

test('writes the examples of RFC 6455 §5.7', () => {
  assert.equal(encodeFrame(1, Buffer.from('Hello')), hex('81 05 48 65 6c 6c 6f'))
  const maskingKey = hex('37 fa 21 3d')
  assert.equal(encodeFrame(1, Buffer.from('Hello'), { maskingKey }), hex('81 85 37 fa 21 3d 7f 9f 4d 51 58'))
  assert.equal(encodeFrame(1, Buffer.from('Hel'), { fin: false }), hex('01 03 48 65 6c'))
  assert.equal(encodeFrame(0, Buffer.from('lo')), hex('80 02 6c 6f'))
  assert.equal(encodeFrame(9, Buffer.from('Hello')), hex('89 05 48 65 6c 6c 6f'))
  assert.equal(encodeFrame(2, Buffer.alloc(256)).subarray(0, 4), hex('82 7e 01 00'))
  assert.equal(encodeFrame(2, Buffer.alloc(65_536)).subarray(0, 10), hex('82 7f 00 00 00 00 00 01 00 00'))
})

test('uses the shortest form of every length and does not change the payload', () => {
  for (const length of [0, 1, 125, 126, 127, 255, 256, 65_535, 65_536, 100_000]) {
    const payload = Buffer.alloc(length, 0xa5)
    for (const key of [null, hex('01 02 03 04')]) {
      const encoded = encodeFrame(2, payload, key === null ? {} : { maskingKey: key })
      assert.is(Buffer.compare(encoded, frame(2, payload, { key })), 0, `${length} bytes`)
    }
    assert.ok(payload.every((byte) => byte === 0xa5))
  }
})

test('sets RSV1 for a compressed message', () => {
  assert.equal(encodeFrame(1, hex('00'), { rsv1: true }), hex('c1 01 00'))
})

test('throws a RangeError for a masking key that has not 4 bytes', async () => {
  assert.instance(await thrownBy(() => encodeFrame(1, hex(''), { maskingKey: hex('01 02 03') })), RangeError)
})
