import { Random } from '../../../src/conformance/wire/random.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/wire/random')

test('the same seed and name give the same bytes, another name others', () => {
  const bytes = (seed: number, name: string): string => new Random(seed, name).bytes(32).toString('hex')
  assert.is(bytes(1, 'a'), bytes(1, 'a'))
  assert.is.not(bytes(1, 'a'), bytes(1, 'b'))
  assert.is.not(bytes(1, 'a'), bytes(2, 'a'))
})

test('numbers stay within their bounds and reach them', () => {
  const random = new Random(1, 'x')
  const drawn = new Set(Array.from({ length: 500 }, () => random.integer(3, 6)))
  assert.equal([...drawn].sort(), [3, 4, 5, 6])
})

test('text is printable ASCII, a shuffle preserves its items', () => {
  const random = new Random(1, 'x')
  assert.match(random.text(500), /^[\x20-\x7e]{500}$/)
  assert.equal([...random.shuffle([1, 2, 3, 4, 5])].sort(), [1, 2, 3, 4, 5])
})
