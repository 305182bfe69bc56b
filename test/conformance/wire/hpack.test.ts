import { encodeFields, FieldDecoder } from '../../../src/conformance/wire/hpack.ts'
import { decodeHuffman } from '../../../src/conformance/wire/huffman.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/wire/hpack')
const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')

test('the responses of RFC 7541 C.6 are read, with Huffman codes and a table of 256 bytes', () => {
  const decoder = new FieldDecoder()
  // An update of the table size, then C.6.1 to C.6.3.
  const first = decoder.decode(
    bytes(
      '3fe101 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
    ),
  )
  assert.equal(first, [
    [':status', '302'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['location', 'https://www.example.com'],
  ])
  assert.equal(decoder.decode(bytes('4883 640e ffc1 c0bf')), [
    [':status', '307'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['location', 'https://www.example.com'],
  ])
  const third = decoder.decode(
    bytes(
      '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
    ),
  )
  assert.equal(third.at(0), [':status', '200'])
  assert.equal(third.at(-1), ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'])
})

test('what is encoded is decoded again, long values and odd names included', () => {
  const fields = [
    [':protocol', 'websocket'],
    ['Upper Case', ''],
    ['x-long', 'x'.repeat(70_000)],
    ['x-127', 'y'.repeat(127)],
  ] as const
  assert.equal(new FieldDecoder().decode(encodeFields(fields)), fields as never)
})

test('a broken header block throws', () => {
  const decode = (hex: string) => () => new FieldDecoder().decode(bytes(hex))
  assert.throws(decode('be'), /entry 62/)
  assert.throws(decode('0005 61'), /ends inside a string/)
  assert.throws(decode('00'), /ends inside a field/)
  assert.throws(decode('ff ffffffffff7f'), /above 2\^31/)
  assert.throws(() => decodeHuffman(bytes('ffffffff')), /contains EOS/)
  assert.throws(() => decodeHuffman(bytes('00')), /ends inside a code/)
})
