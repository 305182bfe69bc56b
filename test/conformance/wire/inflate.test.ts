import { constants, deflateRawSync } from 'node:zlib'
import { hex } from '../../../src/conformance/wire/bytes.ts'
import { Inflater, slide } from '../../../src/conformance/wire/inflate.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('conformance/wire/inflate')

test('inflates the examples of RFC 7692 §7.2.3', () => {
  const inflated = (bytes: string): string => new Inflater().inflate(hex(bytes)).toString()
  assert.is(inflated('f248cdc9c90700'), 'Hello')
  assert.is(inflated('000500faff48656c6c6f00'), 'Hello')
  assert.is(inflated('f348cdc9c9070000'), 'Hello')
  assert.is(inflated('f248050000 00ffff cac9c90700'), 'Hello')
  assert.is(inflated('00'), '')
})

test('retains the window from message to message, also past a block with BFINAL', () => {
  const inflater = new Inflater()
  for (const bytes of ['f348cdc9c9070000', 'f200110000', 'f200110000']) {
    assert.is(inflater.inflate(hex(bytes)).toString(), 'Hello')
  }
})

test('continues after a block with BFINAL inside a message', () => {
  assert.is(new Inflater().inflate(hex('f3480500 cac9c90700')).toString(), 'Hello')
})

test('begins each message with an empty window when it is not retained', async () => {
  const inflater = new Inflater(15, false)
  inflater.inflate(hex('f248cdc9c90700'))
  await thrownBy(() => inflater.inflate(hex('f200110000')))
})

test('refuses what reaches back beyond a window of the agreed size', async () => {
  const message = Buffer.from(Array.from({ length: 600 }, (_, index) => (index * 7919) >> 3))
  const dictionary = Buffer.concat([message, Buffer.alloc(700, 1)])
  const again = deflateRawSync(message, { dictionary, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
  const send = (bits: number): Buffer => {
    const inflater = new Inflater(bits)
    inflater.inflate(deflateRawSync(dictionary, { windowBits: 9, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4))
    return inflater.inflate(again)
  }
  assert.equal(send(15), message)
  await thrownBy(() => send(9))
})

test('refuses data that does not end between two blocks', async () => {
  await thrownBy(() => new Inflater().inflate(hex('f248cd')))
  // The tail was not removed.
  await thrownBy(() => new Inflater().inflate(hex('f248cdc9c907000000ffff')))
  await thrownBy(() => new Inflater().inflate(hex('06')))
})

test('slides the window over what was added', () => {
  assert.is(slide(Buffer.from('abc'), Buffer.from('de'), 2).toString(), 'bcde')
  assert.is(slide(Buffer.from('abc'), Buffer.from('defgh'), 2).toString(), 'efgh')
  assert.is(slide(Buffer.from('a'), Buffer.from('b'), 2).toString(), 'ab')
})
