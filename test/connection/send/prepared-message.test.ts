import { joinMessages, type PreparedMessage, prepare } from '../../../src/connection/send/prepared-message.ts'
import type { MessageCodec } from '../../../src/core/message-codec.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('prepared message')

/** Makes a codec that compresses a long message to its first byte, and counts its calls. */
function makeCodec(sharing: string | null) {
  const codec = {
    sharing,
    count: 0,
    compressShared(message: Uint8Array) {
      codec.count += 1
      return message.length > 3 ? message.subarray(0, 1) : null
    },
  }
  return codec as typeof codec & MessageCodec
}

const hexFor = (message: PreparedMessage, codec: MessageCodec): string => message.frameFor(codec).toString('hex')

test('is compressed once for all codecs that make the same of it', () => {
  const message = prepare('abcd')
  const [first, second, other] = [makeCodec('a'), makeCodec('a'), makeCodec('b')]
  assert.is(hexFor(message, first), 'c10161')
  assert.is(message.frameFor(second), message.frameFor(first))
  assert.is(hexFor(message, other), 'c10161')
  assert.equal([first.count, second.count, other.count], [1, 0, 1])
})

test('is sent uncompressed when it cannot be shared, must not be compressed or would not get shorter', () => {
  const plain = '810461626364'
  assert.is(hexFor(prepare('abcd'), makeCodec(null)), plain)
  assert.is(hexFor(prepare('abcd', { compress: false }), makeCodec('a')), plain)
  assert.is(hexFor(prepare(new Uint8Array([1, 2, 3])), makeCodec('a')), '8203010203')
  assert.is(prepare('abcd').frame.toString('hex'), plain)
})

test('compresses the payload after a header of any size', () => {
  for (const [size, headerSize] of [
    [125, 2],
    [126, 4],
    [65_535, 4],
    [65_536, 10],
  ]) {
    const message = prepare(Buffer.alloc(size, 0x7a))
    assert.is(message.frame.length, size + headerSize)
    assert.is(hexFor(message, makeCodec('a')), 'c2017a')
  }
})

test('messages are joined compressed and uncompressed, and those that must not be compressed stay uncompressed', () => {
  const joined = joinMessages([prepare('abcd'), prepare('efgh', { compress: false }), prepare('ijkl')])
  const codec = makeCodec('a')
  assert.is(joined.frame.toString('hex'), '8104616263648104656667688104696a6b6c')
  assert.is(hexFor(joined, codec), `c10161${'810465666768'}c10169`)
  hexFor(joined, codec)
  assert.is(codec.count, 2)
})

test('refuses values that are not messages', async () => {
  for (const data of [null, 3, {}]) assert.instance(await thrownBy(() => prepare(data as never)), TypeError)
})

test('refuses a Blob, whose bytes must be read first, and what is neither text nor bytes', async () => {
  for (const blob of [new Blob(['x']), new File(['x'], 'x')]) {
    const error = await thrownBy(() => prepare(blob as never))
    assert.instance(error, TypeError)
    assert.match(error.message, /^message is of type Blob, .*; allowed: await blob\.arrayBuffer\(\)$/)
  }
  for (const [value, type] of [
    [null, 'null'],
    [5, 'number'],
    [{}, 'object'],
  ]) {
    const error = await thrownBy(() => prepare(value as never))
    assert.instance(error, TypeError)
    assert.is(error.message, `message is of type ${type}; allowed: a string, typed array, DataView or ArrayBuffer`)
  }
})
