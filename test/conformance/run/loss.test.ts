import { LossLog } from '../../../src/conformance/run/loss.ts'
import { Runner, type RunnerOptions } from '../../../src/conformance/run/runner.ts'
import { serverEntries } from '../../../src/conformance/run/select.ts'
import type { Case } from '../../../src/conformance/script/case.ts'
import { contextFor } from '../../support/conformance-trial.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/run/loss')

const IDS = serverEntries.filter((entry) => entry.class === 'must').map(({ id }) => id)

/** A process that a case can end or hang. It is replaced when it is restored. */
class FakeProcess {
  readonly crashTimes: number[] = []
  readonly hangTimes: number[] = []
  state: 'serving' | 'dead' | 'hung' = 'serving'
  #timers: NodeJS.Timeout[] = []

  loseIn(milliseconds: number, state: 'dead' | 'hung'): void {
    const lose = (): void => {
      this.state = state
      if (state === 'dead') this.crashTimes.push(performance.now())
      this.#stopTimers()
    }
    this.#timers.push(setTimeout(lose, milliseconds))
  }

  options(): Partial<RunnerOptions> {
    return {
      crashTimes: () => this.crashTimes,
      hangTimes: () => this.hangTimes,
      isAccepting: async () => this.state !== 'dead',
      isServing: async () => this.state === 'serving',
      recovers: async () => this.state === 'serving',
      revive: async () => {
        if (this.state === 'hung') this.hangTimes.push(performance.now())
        this.state = 'serving'
        this.#stopTimers()
        return true
      },
    }
  }

  #stopTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers = []
  }
}

/** Runs cases with these bodies. Resolves to verdicts with notes or failed expectations. */
async function outcomesOf(runs: Case['run'][], options: Partial<RunnerOptions>): Promise<string[]> {
  const runner = new Runner({
    context: contextFor('ws://127.0.0.1:1/'),
    jobs: 1,
    retries: 0,
    timeoutFactor: 1,
    slowFactor: 1,
    repro: (id) => id,
    isServing: async () => true,
    revive: async () => true,
    ...options,
  })
  const { results } = await runner.run(runs.map((run, index) => ({ id: IDS[index], run })))
  return results.map(({ verdict, assertions }) =>
    [verdict, assertions.find(({ ok }) => !ok)?.expected].join(' ').trim(),
  )
}

const passes: Case['run'] = async () => {}

/** Runs once until the process is lost, and fails then. */
function noticesLoss(process: FakeProcess): Case['run'] {
  let isFirst = true
  return async (t) => {
    while (isFirst && process.state === 'serving') await new Promise((resolve) => setImmediate(resolve))
    isFirst = false
    if (process.state === 'serving') return
    t.timedOut = process.state === 'hung'
    t.fail('an echo', 'nothing')
  }
}

test('a target that is lost after the last case is lost due to it', async () => {
  for (const jobs of [1, 4]) {
    for (const [state, outcome] of [
      ['dead', 'crash'],
      ['hung', 'fail the target serves again'],
    ] as const) {
      const process = new FakeProcess()
      const loses: Case['run'] = async () => process.loseIn(100, state)
      assert.equal(await outcomesOf([passes, loses], { ...process.options(), jobs }), ['pass', outcome])
    }
  }
})

test('a case that ends the target is found behind many others that ended before the death', async () => {
  for (const jobs of [1, 4]) {
    const process = new FakeProcess()
    const loses: Case['run'] = async () => process.loseIn(60, 'dead')
    const others = [...Array.from({ length: 20 }, () => passes), noticesLoss(process), passes]
    const outcomes = await outcomesOf([passes, loses, ...others], { ...process.options(), jobs })
    assert.equal(outcomes, ['pass', 'crash', ...others.map(() => 'pass')], `${jobs} jobs`)
  }
})

test('a case after which the target hangs is found, although another notices it', async () => {
  for (const jobs of [1, 4]) {
    const process = new FakeProcess()
    const loses: Case['run'] = async () => process.loseIn(20, 'hung')
    const others = [passes, noticesLoss(process), passes]
    const options = { ...process.options(), jobs, slowFactor: 2 }
    const outcomes = await outcomesOf([loses, ...others], options)
    assert.equal(outcomes, ['fail the target serves again', 'pass', 'pass', 'pass'], `${jobs} jobs`)
  }
})

test('a case whose failure is known already may be the cause of a later loss', async () => {
  const process = new FakeProcess()
  const loses: Case['run'] = async (t) => {
    process.loseIn(60, 'dead')
    t.fail('a Close', 'nothing')
  }
  const others = [...Array.from({ length: 20 }, () => passes), noticesLoss(process), passes]
  const outcomes = await outcomesOf([loses, ...others], process.options())
  assert.equal(outcomes, ['crash a Close', ...others.map(() => 'pass')])
})

test('a target that is busy for a while is not lost', async () => {
  for (const jobs of [1, 4]) {
    const process = new FakeProcess()
    const recovers = async (): Promise<boolean> => {
      process.state = 'serving'
      return true
    }
    const loads: Case['run'] = async () => process.loseIn(0, 'hung')
    const options = { ...process.options(), recovers, revive: recovers, jobs, slowFactor: 2 }
    assert.equal(await outcomesOf([loads, noticesLoss(process), passes], options), ['pass', 'pass', 'pass'])
  }
})

test('while the target hangs, no further case begins', async () => {
  const process = new FakeProcess()
  let isFirst = true
  const hangsOnce: Case['run'] = async () => {
    if (isFirst) process.state = 'hung'
    isFirst = false
  }
  let hung = 0
  const others = Array.from({ length: 40 }, (): Case['run'] => async (t) => {
    if (process.state === 'hung') hung++
    t.timedOut = process.state === 'hung'
    t.assert(process.state === 'serving', 'an echo', 'nothing')
  })
  await outcomesOf([hangsOnce, ...others], { ...process.options(), jobs: 4 })
  assert.ok(hung < 10, `${hung} cases`)
})

test('the end of a hang is recorded with the last service before it', () => {
  const hangTimes: number[] = []
  const log = new LossLog({ hangTimes: () => hangTimes })
  const served = performance.now()
  log.noteService(served)
  hangTimes.push(served + 9_000)
  log.noteService(served + 10_000)
  assert.equal(log.all, [{ kind: 'hang', after: served, time: served + 9_000 }])
})
