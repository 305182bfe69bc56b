import { isUtf8 } from 'node:buffer'
import { deflateRawSync } from 'node:zlib'
import { type DataSetName, dataSet, mixedText } from '../../../src/conformance/wire/data-set.ts'
import { Random } from '../../../src/conformance/wire/random.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/wire/data-set')

/** The sizes in bytes as in Autobahn, and the compressed sizes with zlib in percent. */
const expected: Record<DataSetName, [size: number, least: number, most: number]> = {
  json: [194_056, 15, 35],
  bitmap: [263_222, 40, 90],
  prose: [222_218, 20, 45],
  html: [263_647, 15, 40],
  pdf: [1_042_328, 95, 100],
}

test('each data set is as long as that of Autobahn and compresses like its kind', () => {
  for (const [name, [size, least, most]] of Object.entries(expected)) {
    const data = dataSet(name as DataSetName)
    assert.is(data.length, size)
    const percent = (100 * deflateRawSync(data).length) / size
    assert.ok(percent > least && percent < most, `${name} is left ${percent} %`)
  }
})

test('the data that go as text are valid, in characters of one byte and of several', () => {
  assert.ok(dataSet('json').every((byte) => byte < 0x80))
  assert.ok(isUtf8(dataSet('html')))
  assert.ok(dataSet('html').includes('€'))
  assert.ok(isUtf8(mixedText(new Random(1, 'text'), 5000)))
})

test('the same name gives the same data, made once', () => {
  assert.is(dataSet('html'), dataSet('html'))
  assert.equal(mixedText(new Random(7, 'a'), 100), mixedText(new Random(7, 'a'), 100))
})
