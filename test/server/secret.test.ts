import { isEqualSecret } from '../../src/index.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('secret')

test('S-31: compares secrets whole, of any length and alphabet', () => {
  for (const token of ['a', 'é€😀', 'x'.repeat(10_000)]) {
    assert.is(isEqualSecret(token, token), true)
    assert.is(isEqualSecret(`${token} `, token), false)
    assert.is(isEqualSecret(token, `${token}\0`), false)
  }
  assert.is(isEqualSecret('token', 'tokeN'), false)
})

test('S-31: throws a TypeError for a value that is not a string', async () => {
  assert.instance(await thrownBy(() => isEqualSecret(undefined as never, 'x')), TypeError)
})

test('an empty secret equals nothing, itself included', () => {
  assert.is(isEqualSecret('', ''), false)
  assert.is(isEqualSecret('token', ''), false)
  assert.is(isEqualSecret('', 'token'), false)
})
