import { isSameToken } from '../../src/index.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('token')

test('S-31: compares secrets whole, of any length and alphabet', () => {
  for (const token of ['', 'a', 'é€😀', 'x'.repeat(10_000)]) {
    assert.is(isSameToken(token, token), true)
    assert.is(isSameToken(`${token} `, token), false)
    assert.is(isSameToken(token, `${token}\0`), false)
  }
  assert.is(isSameToken('token', 'tokeN'), false)
})

test('S-31: throws a TypeError for what is no text', async () => {
  assert.instance(await thrownBy(() => isSameToken(undefined as never, 'x')), TypeError)
})
