import { BINARY, buildFrame, frameSizeAt, headerSize, masked, readFrame, TEXT } from '../../../bench/wire/frame.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('bench wire frame')

test('builds the frames of RFC 6455 §5.7', () => {
  const maskKey = Buffer.from('37fa213d', 'hex')
  assert.is(buildFrame(TEXT, Buffer.from('Hello')).toString('hex'), '810548656c6c6f')
  assert.is(buildFrame(TEXT, Buffer.from('Hello'), { maskKey }).toString('hex'), '818537fa213d7f9f4d5158')
  assert.is(buildFrame(TEXT, Buffer.from('Hel'), { fin: false }).toString('hex'), '010348656c')
  assert.is(buildFrame(BINARY, Buffer.alloc(256)).toString('hex', 0, 4), '827e0100')
  assert.is(buildFrame(BINARY, Buffer.alloc(65536)).toString('hex', 0, 10), '827f0000000000010000')
})

for (const length of [0, 1, 125, 126, 127, 65535, 65536]) {
  test(`reads back a frame of ${length} bytes, and nothing of a cut one`, () => {
    const payload = Buffer.alloc(length, 'p')
    for (const maskKey of [undefined, Buffer.from('01020304', 'hex')]) {
      const bytes = Buffer.concat([Buffer.from('??'), buildFrame(BINARY, payload, { maskKey, rsv1: true })])
      const frame = readFrame(bytes, 2)!
      assert.is(frame.size, headerSize(length, maskKey !== undefined) + length)
      assert.ok(frame.fin && frame.rsv1 && frame.opcode === BINARY && frame.masked === (maskKey !== undefined))
      assert.ok(frame.payload.equals(payload))
      assert.is(frameSizeAt(bytes, 2), frame.size)
      assert.is(readFrame(bytes.subarray(0, -1), 2), undefined)
      assert.is(readFrame(bytes.subarray(0, 3), 2), undefined)
    }
  })
}

test('masks a copy and leaves the original alone', () => {
  const payload = Buffer.from([1, 2, 3, 4, 5])
  assert.equal([...masked(payload, Buffer.from([255, 0, 255, 0]))], [254, 2, 252, 4, 250])
  assert.equal([...payload], [1, 2, 3, 4, 5])
})
