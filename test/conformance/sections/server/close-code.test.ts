import { rangesOf } from '../../../../src/conformance/sections/server/close-code.ts'
import { assert, suite } from '../../../support/unit.ts'

const test = suite('conformance/sections/server/close-code')

test('codes that are neighbours make a range', () => {
  const all = Array.from({ length: 6 }, (_, index) => 1000 + index)
  assert.is(rangesOf([1000, 1001, 1002, 1004], all), '1000-1002, 1004')
  assert.is(rangesOf([], all), '')
})

test('neighbours among those asked make a range, whatever lies between', () => {
  assert.is(rangesOf([10, 500, 900], [900, 10, 500, 40_000]), '10-900')
  assert.is(rangesOf([10, 900], [10, 500, 900]), '10, 900')
})
