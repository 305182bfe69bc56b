import { Mismatch } from '../../../src/conformance/peer/inbound.ts'
import { inParallel, onEach } from '../../../src/conformance/script/in-parallel.ts'
import { createTrial } from '../../support/conformance-trial.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('conformance/script/in-parallel')

test('every item is used once, so many at a time', async () => {
  const started: number[] = []
  let running = 0
  let most = 0
  await inParallel([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    most = Math.max(most, ++running)
    started.push(item)
    await new Promise((resolve) => setImmediate(resolve))
    running--
  })
  assert.equal(started, [1, 2, 3, 4, 5, 6, 7])
  assert.is(most, 3)
})

test('the first failure is the failure of all', async () => {
  const fail = async (item: number): Promise<void> => {
    if (item === 2) throw new Error('two')
  }
  assert.match((await thrownBy(() => inParallel([1, 2, 3], 1, fail)))?.message ?? '', /two/)
})

test('a failure names the connection that it was seen on', async (t) => {
  const trial = createTrial(t, 'ws://127.0.0.1:1/')
  await onEach(trial, ['a', 'b', 'c'], { width: 3 }, async (item) => {
    await new Promise((resolve) => setImmediate(resolve))
    trial.assert(item !== 'b', 'an echo', 'nothing')
  })
  trial.assert(false, 'an echo', 'nothing')
  assert.equal(
    trial.assertions.map(({ actual }) => actual),
    ['nothing', 'connection 2 of 3: nothing', 'nothing', 'nothing'],
  )
})

test('a mismatch names the connection, by the name of its item', async (t) => {
  const trial = createTrial(t, 'ws://127.0.0.1:1/')
  const name = (item: number): string => `cut after byte ${item}`
  const fail = async (item: number): Promise<void> => {
    if (item === 2) throw new Mismatch('an echo', 'Close 1002')
  }
  const error = await thrownBy(() => onEach(trial, [1, 2, 3], { name }, fail))
  assert.ok(error instanceof Mismatch)
  assert.equal([error.expected, error.actual], ['an echo', 'cut after byte 2: Close 1002'])
})
