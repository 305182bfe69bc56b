import { chargeTurn, turnAllowance } from '../../src/deflate/turn.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('deflate turn')

test('what is spent in a turn comes back with the next', async () => {
  const full = turnAllowance()
  chargeTurn(1000)
  assert.is(turnAllowance(), full - 1000)
  chargeTurn(full)
  assert.is(turnAllowance(), 0)
  await new Promise(setImmediate)
  assert.is(turnAllowance(), full)
})
