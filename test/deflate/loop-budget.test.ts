import { chargeLoop, loopAllowance } from '../../src/deflate/loop-budget.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('deflate, loop budget')

test('the budget that was used in one turn of the event loop is available again in the next', async () => {
  const full = loopAllowance()
  chargeLoop(1000)
  assert.is(loopAllowance(), full - 1000)
  chargeLoop(full)
  assert.is(loopAllowance(), 0)
  await new Promise(setImmediate)
  assert.is(loopAllowance(), full)
})
