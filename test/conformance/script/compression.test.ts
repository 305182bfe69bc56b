import { compressedFrames, Deflater } from '../../../src/conformance/script/compression.ts'
import { largestDistanceIn } from '../../../src/conformance/wire/deflate-block.ts'
import type { Agreement } from '../../../src/conformance/wire/extension.ts'
import { Inflater } from '../../../src/conformance/wire/inflate.ts'
import { Random } from '../../../src/conformance/wire/random.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/script/compression')
const free: Agreement = { serverNoContext: false, clientNoContext: false, serverBits: null, clientBits: null }

test('compresses the examples of RFC 7692 §7.2.3 byte for byte', () => {
  const deflater = new Deflater()
  assert.is(deflater.deflate(Buffer.from('Hello')).toString('hex'), 'f248cdc9c90700')
  assert.is(deflater.deflate(Buffer.from('Hello')).toString('hex'), 'f200110000')
  assert.is(deflater.deflate(Buffer.alloc(0)).toString('hex'), '00')
})

test('begins anew with each message where that was agreed', () => {
  const deflater = new Deflater({ ...free, clientNoContext: true })
  const first = deflater.deflate(Buffer.from('Hello'))
  assert.equal(deflater.deflate(Buffer.from('Hello')), first)
})

test('stays within the agreed window, and is understood by one of that size', () => {
  const text = Buffer.from(new Random(1, 'window').text(700).repeat(20))
  for (const clientBits of [8, 9, 10, 15]) {
    const deflater = new Deflater({ ...free, clientBits })
    const inflater = new Inflater(clientBits)
    for (const message of [text, text.subarray(0, 900)]) {
      const payload = deflater.deflate(message)
      assert.ok(largestDistanceIn(payload) <= 2 ** clientBits)
      assert.equal(inflater.inflate(payload), message)
    }
  }
})

test('cuts a message into frames with RSV1 on the first', () => {
  const shape = (...sizes: number[]) =>
    compressedFrames(2, Buffer.from('abcdef'), ...sizes).map(({ opcode, rsv, fin, payload }) =>
      [opcode, rsv, fin ? 'fin' : 'more', payload?.toString()].join(' '),
    )
  assert.equal(shape(), ['2 4 fin abcdef'])
  assert.equal(shape(4), ['2 4 more abcd', '0 0 fin ef'])
  assert.equal(shape(1, 2), ['2 4 more a', '0 0 more bc', '0 0 more de', '0 0 fin f'])
  assert.equal(shape(3), ['2 4 more abc', '0 0 fin def'])
})
