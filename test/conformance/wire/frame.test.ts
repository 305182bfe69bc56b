import { hex } from '../../../src/conformance/wire/bytes.ts'
import { closeBody, describeFrame, encodeFrame, FrameReader, maskBytes } from '../../../src/conformance/wire/frame.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/wire/frame')
const key = hex('37 fa 21 3d')
const encode = (spec: Parameters<typeof encodeFrame>[0]): string => encodeFrame(spec, () => key).toString('hex')

test('encodes the examples of RFC 6455 §5.7', () => {
  assert.is(encode({ opcode: 1, payload: 'Hello', mask: false }), '810548656c6c6f')
  assert.is(encode({ opcode: 1, payload: 'Hello' }), '818537fa213d7f9f4d5158')
  assert.is(encode({ opcode: 1, payload: 'Hel', fin: false, mask: false }), '010348656c')
  assert.is(encode({ opcode: 2, payload: Buffer.alloc(256), mask: false }).slice(0, 8), '827e0100')
  assert.is(encode({ opcode: 2, payload: Buffer.alloc(65_536), mask: false }).slice(0, 20), '827f0000000000010000')
})

test('encodes what no endpoint may send', () => {
  assert.is(encode({ opcode: 11, rsv: 7, fin: false, mask: false }), '7b00')
  assert.is(encode({ opcode: 1, payload: 'a', form: 16, mask: false }), '817e000161')
  assert.is(encode({ opcode: 1, payload: 'a', form: 64, mask: false }), '817f000000000000000161')
  assert.is(encode({ opcode: 2, length: 2n ** 63n, form: 64, mask: false }), '827f8000000000000000')
  assert.is(encode({ opcode: 9, length: 126, mask: hex('00000000') }), '89fe007e00000000')
})

test('encodes masked frames of every length form', () => {
  for (const length of [0, 125, 126, 127, 128, 129, 255, 256, 65_535, 65_536, 65_537]) {
    const payload = Buffer.from(Array.from({ length }, (_, index) => index % 251))
    const [frame] = new FrameReader().push(encodeFrame({ opcode: 2, payload }, () => key))
    assert.equal(frame.payload, payload)
    assert.is(frame.form, length < 126 ? 7 : length < 65_536 ? 16 : 64)
  }
  assert.is(encode({ opcode: 9, length: 3, payload: 'a' }), '898337fa213d56')
  assert.is(encode({ opcode: 9, length: 200n, payload: '' }), '89fe00c837fa213d')
})

test('encodes a Close body', () => {
  assert.is(closeBody().toString('hex'), '')
  assert.is(closeBody(1000, 'ok').toString('hex'), '03e86f6b')
})

test('masking twice gives the original', () => {
  for (const length of [0, 1, 13, 255, 256, 257, 1_026, 1_027]) {
    const bytes = Buffer.from(Array.from({ length }, (_, index) => index % 251))
    const masked = maskBytes(bytes, key)
    assert.equal(
      [...masked.subarray(-9)],
      [...bytes.subarray(-9)].map((byte, index) => byte ^ key[(Math.max(0, length - 9) + index) % 4]),
    )
    assert.equal(maskBytes(masked, key), bytes)
  }
})

test('reads frames however they are cut', () => {
  const stream = Buffer.concat([
    hex('8105 48656c6c6f'),
    hex('8900'),
    Buffer.concat([hex('827e0100'), Buffer.alloc(256, 7)]),
    hex('8185 37fa213d 7f9f4d5158'),
    hex('827f0000000000000001 2a'),
  ])
  for (const size of [1, 2, 3, 5, 7, 64, stream.length]) {
    const reader = new FrameReader()
    const frames = []
    for (let at = 0; at < stream.length; at += size) frames.push(...reader.push(stream.subarray(at, at + size)))
    assert.equal(
      frames.map(({ opcode, form, masked, payload }) => [opcode, form, masked, payload.length]),
      [
        [1, 7, false, 5],
        [9, 7, false, 0],
        [2, 16, false, 256],
        [1, 7, true, 5],
        [2, 64, false, 1],
      ],
    )
    assert.is(frames[3].payload.toString(), 'Hello')
    assert.is(reader.pending.length, 0)
  }
})

test('retains the bytes of an unfinished frame', () => {
  const reader = new FrameReader()
  assert.equal(reader.push(hex('8105 4865')), [])
  assert.is(reader.pending.toString('hex'), '81054865')
})

test('accepts reserved bits, opcodes and long forms unchanged', () => {
  const [frame] = new FrameReader().push(hex('73 7e 0000'))
  assert.equal([frame.fin, frame.rsv, frame.opcode, frame.form], [false, 7, 3, 16])
  assert.is(describeFrame(frame), 'opcode 3 rsv1 rsv2 rsv3 0')
})
