import { callback, choice, flag, integer, orNull, positive } from '../../src/options/option-rule.ts'
import { checkOptionNames, describe, readOptions } from '../../src/options/read-options.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('read options')

const rules = {
  count: integer(3, 1, 10),
  size: integer(5),
  seconds: positive(1.5),
  mode: choice('close', 'drop'),
  isOn: flag(true),
  done: callback(() => {}),
  limit: orNull(integer(7)),
}

test('fills in what is absent or undefined', () => {
  const { done, ...settings } = readOptions(rules, { count: undefined, size: 6 })
  assert.equal(settings, { count: 3, size: 6, seconds: 1.5, mode: 'close', isOn: true, limit: null })
  assert.type(done, 'function')
})

test('fills in from the base before the defaults', () => {
  assert.is(readOptions(rules, {}, '', { count: 9 }).count, 9)
})

test('accepts what each rule allows', () => {
  const given = { count: 10, size: 1, seconds: Number.POSITIVE_INFINITY, mode: 'drop', isOn: false, limit: null }
  assert.equal({ ...readOptions(rules, given), done: 0 }, { ...given, done: 0 })
})

const refused: [Record<string, unknown>, string, string][] = [
  [{ count: 11 }, 'RangeError', 'option x.count is 11; allowed: an integer from 1 to 10'],
  [{ count: 1.5 }, 'RangeError', 'option x.count is 1.5; allowed: an integer from 1 to 10'],
  [{ count: '5' }, 'TypeError', "option x.count is '5'; allowed: an integer from 1 to 10"],
  [{ size: Number.NaN }, 'RangeError', 'option x.size is NaN; allowed: an integer from 1'],
  [{ size: null }, 'TypeError', 'option x.size is null; allowed: an integer from 1'],
  [{ seconds: 0 }, 'RangeError', 'option x.seconds is 0; allowed: a positive number'],
  [{ seconds: Number.NaN }, 'RangeError', 'option x.seconds is NaN; allowed: a positive number'],
  [{ mode: 'open' }, 'RangeError', "option x.mode is 'open'; allowed: 'close', 'drop'"],
  [{ isOn: 1 }, 'TypeError', 'option x.isOn is 1; allowed: true or false'],
  [{ done: {} }, 'TypeError', 'option x.done is an object (Object); allowed: a function'],
  [{ limit: '7' }, 'RangeError', "option x.limit is '7'; allowed: an integer from 1, or null"],
]

for (const [given, type, message] of refused) {
  test(`says what was found and what is allowed: ${message}`, async () => {
    const error = await thrownBy(() => readOptions(rules, given, 'x.'))
    assert.is(error.name, type)
    assert.is(error.message, message)
  })
}

test('shows the beginning of a long array, and no array in an array', () => {
  const cyclic: unknown[] = ['a']
  cyclic.push(cyclic)
  assert.is(describe(cyclic), "['a', …]")
  assert.is(describe(new Array(1_000_000).fill(7)), '[7, 7, 7, 7, 7, 7, 7, 7, 7, 7, …]')
})

test('refuses a name that no option has', async () => {
  const error = await thrownBy(() => checkOptionNames({ cuont: 1 }, ['count', 'size']))
  assert.is(error.message, 'option cuont is unknown; allowed: count, size')
  checkOptionNames({ count: 1 }, ['count', 'size'])
})

test('refuses options that are not an object', async () => {
  for (const [options, found] of [
    [null, 'null'],
    [5, '5'],
    [[1], '[1]'],
  ] as const) {
    const error = await thrownBy(() => checkOptionNames(options, ['count']))
    assert.is(error.message, `options is ${found}; allowed: an object`)
  }
  const nested = await thrownBy(() => checkOptionNames('x', ['count'], 'deflate.'))
  assert.is(nested.message, "option deflate is 'x'; allowed: an object")
})

test('shows values so that text and numbers differ', () => {
  assert.is(describe('5'), "'5'")
  assert.is(describe(5), '5')
  assert.is(describe('x'.repeat(100)), `'${'x'.repeat(80)}…'`)
  assert.is(describe([1, 'a']), "[1, 'a']")
  assert.is(
    describe(() => 0),
    'a function',
  )
  assert.is(describe(Object.create(null)), 'an object (no prototype)')
})
