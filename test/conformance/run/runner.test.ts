import type { CaseResult } from '../../../src/conformance/result.ts'
import { Runner, type RunnerOptions } from '../../../src/conformance/run/runner.ts'
import { serverEntries } from '../../../src/conformance/run/select.ts'
import { summarize } from '../../../src/conformance/run/verdict.ts'
import type { Case } from '../../../src/conformance/script/case.ts'
import type { Trial } from '../../../src/conformance/script/trial.ts'
import { contextFor, startUpgradedServer } from '../../support/conformance-trial.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/run/runner')
const URL_NOBODY_OPENS = 'ws://127.0.0.1:1/'
const IDS = ['hs.ok.minimal', 'hs.ok.accept-vector', 'hs.ok.key-zero', 'hs.ok.key-ff', 'hs.ok.names-lower']

function caseOf(id: string, run: Case['run'], more: Partial<Case> = {}): Case {
  return { id, run, ...more }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

async function passes(): Promise<void> {}

const fails: Case['run'] = async (t) => t.fail('this', 'that')

async function runCases(cases: Case[], options: Partial<RunnerOptions> = {}): Promise<CaseResult[]> {
  const { results } = await new Runner({
    context: contextFor(URL_NOBODY_OPENS),
    jobs: 4,
    retries: 0,
    timeoutFactor: 1,
    repro: (id) => `again ${id}`,
    isServing: async () => true,
    revive: async () => true,
    ...options,
  }).run(cases)
  return results
}

const verdicts = (results: CaseResult[]): string[] => results.map(({ verdict }) => verdict)

test('gives the results in the order of the cases, whatever the order of their ends', async () => {
  let release = (): void => {}
  const waits = new Promise<void>((resolve) => {
    release = resolve
  })
  const results = await runCases([
    caseOf(IDS[0], () => waits),
    caseOf(IDS[1], async () => release()),
    caseOf(IDS[2], fails),
  ])
  assert.equal(
    results.map(({ id }) => id),
    IDS.slice(0, 3),
  )
  assert.equal(verdicts(results), ['pass', 'pass', 'fail'])
})

test('repeats a failure alone, and says when it only fails in company', async () => {
  let runs = 0
  const results = await runCases([
    caseOf(IDS[0], async (t) => {
      if (++runs === 1) t.fail('this', 'that')
    }),
    caseOf(IDS[1], fails),
  ])
  assert.equal(verdicts(results), ['flaky', 'fail'])
  assert.match(results[0].note ?? '', 'only in parallel: expected this, got that')
  assert.is(results[1].attempts, 2)
})

test('retries as often as the option says; a later pass is flaky', async () => {
  let runs = 0
  const retried = caseOf(IDS[0], async (t) => {
    if (++runs < 4) t.fail('this', 'that')
  })
  assert.equal(verdicts(await runCases([retried], { jobs: 1, retries: 2 })), ['fail'])
  runs = 0
  assert.equal(verdicts(await runCases([retried], { jobs: 1, retries: 3 })), ['flaky'])
})

test('runs the phases one after the other', async () => {
  const order: string[] = []
  const note =
    (name: string): Case['run'] =>
    async () =>
      void order.push(name)
  await runCases([
    caseOf(IDS[0], note('after'), { phase: 'after' }),
    caseOf(IDS[1], note('last'), { phase: 'last' }),
    caseOf(IDS[2], note('alone'), { phase: 'alone' }),
    caseOf(IDS[3], note('idle'), { phase: 'idle' }),
    caseOf(IDS[4], note('parallel')),
  ])
  assert.equal(order, ['parallel', 'idle', 'alone', 'last', 'after'])
})

test('runs the cases of silence beside the others, but not with one job', async () => {
  const order: string[] = []
  const cases = (release: () => void, wait: Promise<void>): Case[] => [
    caseOf(IDS[0], async () => {
      await wait
      order.push('parallel')
    }),
    caseOf(
      IDS[1],
      async () => {
        order.push('idle')
        release()
      },
      { phase: 'idle' },
    ),
  ]
  const { promise, resolve } = withResolvers()
  await runCases(cases(resolve, promise))
  assert.equal(order, ['idle', 'parallel'])
  await runCases(
    cases(() => {}, Promise.resolve()),
    { jobs: 1 },
  )
  assert.equal(order, ['idle', 'parallel', 'parallel', 'idle'])
})

test('repeats each timeout alone once the target has turned out to be slow beside other cases', async () => {
  const musts = serverEntries.filter((entry) => entry.class === 'must')
  const ids = musts.slice(0, 20).map(({ id }) => id)
  const runs = new Map<string, number>()
  const slow: Case['run'] = async (t) => {
    const run = (runs.get(t.entry.id) ?? 0) + 1
    runs.set(t.entry.id, run)
    if (t.entry.id !== ids[0] || run === 1) {
      t.timedOut = true
      t.fail('an answer', 'nothing')
    }
  }
  const results = await runCases(
    ids.map((id) => caseOf(id, slow)),
    { slowFactor: 1 },
  )
  assert.is(results[0].verdict, 'pass')
  assert.equal([...new Set(results.map(({ attempts }) => attempts))], [2])
})

test('attributes a crash to the case that crashes alone, not to the cases beside it', async () => {
  const crashTimes: number[] = []
  let release = (): void => {}
  const meet = new Promise<void>((resolve) => {
    release = resolve
  })
  let first = true
  const results = await runCases(
    [
      caseOf(IDS[0], async () => {
        if (first) await meet
        first = false
      }),
      caseOf(IDS[1], async () => {
        crashTimes.push(performance.now())
        release()
      }),
    ],
    { crashTimes: () => crashTimes, lastWords: () => 'stack overflow' },
  )
  assert.equal(verdicts(results), ['pass', 'crash'])
  assert.match(results[1].note ?? '', 'stack overflow')
})

test('skips what is left when the target is lost', async () => {
  const runner = new Runner({
    context: contextFor(URL_NOBODY_OPENS),
    jobs: 1,
    retries: 0,
    timeoutFactor: 1,
    repro: (id) => id,
    isServing: async () => false,
    isAccepting: async () => false,
    revive: async () => false,
  })
  const losing = caseOf(IDS[0], async (t) => {
    t.lost = true
    t.fail('alive', 'dead')
  })
  const { results, lost } = await runner.run([losing, caseOf(IDS[1], passes)])
  assert.is(lost, true)
  assert.equal(verdicts(results), ['crash', 'skip'])
  assert.is(results[1].note, 'target lost')
})

/** A case after which a fresh connection is not served in time. */
const loses: Case['run'] = async (t) => {
  t.lost = true
  t.timedOut = true
  if (t.timeout < 5000) t.fail('a fresh connection is served', 'no response in time')
}

test('a target that is busy after a load is waited for, and is too slow instead of crashed', async () => {
  let isBusy = true
  const [result] = await runCases([caseOf(IDS[0], loses, { phase: 'last' })], {
    isServing: async () => !isBusy,
    isAccepting: async () => true,
    async recovers() {
      isBusy = false
      return true
    },
  })
  assert.is(result.verdict, 'skip')
  assert.match(result.note ?? '', 'too slow for this run')
})

test('a target that accepts connections and never serves again has failed, not crashed', async () => {
  let isHung = false
  const hangs: Case['run'] = async () => {
    isHung = true
  }
  const results = await runCases(
    [caseOf(IDS[0], hangs, { phase: 'last' }), caseOf(IDS[1], passes, { phase: 'last' })],
    {
      isServing: async () => !isHung,
      isAccepting: async () => true,
      recovers: async () => false,
      async revive() {
        isHung = false
        return true
      },
    },
  )
  assert.equal(verdicts(results), ['fail', 'pass'])
  assert.is(results[0].assertions.at(-1)?.expected, 'the target serves again')
})

test('the end of a connection by the death of the target is not the end that a case expects', async (t) => {
  const url = await startUpgradedServer(
    t,
    () => {},
    (socket) => void socket.end(),
  )
  const waits: Case['run'] = async (trial) => {
    const peer = await trial.open()
    await peer.sendText('x')
    await peer.expectEnd()
  }
  const context = contextFor(url, { timeout: 30_000 })
  const cases = [caseOf(IDS[0], waits), caseOf(IDS[1], passes)]
  assert.equal(verdicts(await runCases(cases, { context, isAccepting: async () => true })), ['pass', 'pass'])
  let isUp = false
  const process = {
    isAccepting: async () => isUp,
    async revive() {
      isUp = true
      return true
    },
  }
  const results = await runCases(cases, { context, ...process })
  assert.equal(verdicts(results), ['error', 'pass'])
  assert.match(results[0].note ?? '', 'the cause is unknown')
})

test('stops after so many failures', async () => {
  const results = await runCases([caseOf(IDS[0], fails), caseOf(IDS[1], fails), caseOf(IDS[2], passes)], {
    jobs: 1,
    bail: 2,
  })
  assert.equal(verdicts(results), ['fail', 'fail', 'skip'])
})

test('skips what has not begun at the deadline', async () => {
  const results = await runCases([caseOf(IDS[0], passes)], { deadline: 0 })
  assert.equal([results[0].verdict, results[0].note], ['skip', 'deadline'])
})

test('an interruption ends the cases that wait, and leaves the verdicts of the others', async () => {
  const interruption = new AbortController()
  const waits: Case['run'] = () => {
    setImmediate(() => interruption.abort())
    return new Promise(() => {})
  }
  const results = await runCases([caseOf(IDS[0], passes), caseOf(IDS[1], waits), caseOf(IDS[2], passes)], {
    jobs: 1,
    signal: interruption.signal,
  })
  assert.equal(
    results.map(({ verdict, note }) => [verdict, note]),
    [
      ['pass', undefined],
      ['skip', 'interrupted'],
      ['skip', 'interrupted'],
    ],
  )
  assert.is(summarize(results).verdict, 'incomplete')
})

test('an interruption ends the wait for a target that does not serve', async () => {
  const interruption = new AbortController()
  const revive = (): Promise<boolean> => {
    interruption.abort()
    return new Promise(() => {})
  }
  const isServing = async (): Promise<boolean> => false
  const results = await runCases([caseOf(IDS[0], fails), caseOf(IDS[1], passes)], {
    isServing,
    revive,
    signal: interruption.signal,
  })
  assert.equal(verdicts(results), ['fail', 'pass'])
})

test('many cases at the same time that can be interrupted cause no warning about listeners', async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  const { promise: all, resolve } = withResolvers()
  let waiting = 0
  const meets: Case['run'] = () => {
    if (++waiting === 20) resolve()
    return all
  }
  const ids = serverEntries.slice(0, 20).map(({ id }) => id)
  const { signal } = new AbortController()
  await runCases(
    ids.map((id) => caseOf(id, meets)),
    { jobs: 20, signal },
  )
  // Warnings are emitted in a later turn of the event loop.
  await new Promise((done) => setImmediate(done))
  process.off('warning', onWarning)
  assert.equal(
    warnings.map(({ name }) => name),
    [],
  )
})

test('skips what the target cannot do, with the reason', async () => {
  const results = await runCases([caseOf(IDS[0], fails, { needs: ['tls'] }), caseOf(IDS[1], fails, { needs: ['pmd'] })])
  assert.equal(
    results.map(({ note }) => note),
    ['only for wss targets', 'the target declined permessage-deflate'],
  )
})

test('a fault of the tool is an error, not a failure of the target', async () => {
  const broken = caseOf(IDS[0], async () => {
    throw new TypeError('oops')
  })
  assert.equal(verdicts(await runCases([broken])), ['error'])
})

test('a case without an end is an error after its limit', async () => {
  const endless = caseOf(IDS[0], () => new Promise(() => {}), { limit: 20 })
  const [result] = await runCases([endless], { jobs: 1 })
  assert.is(result.verdict, 'error')
  assert.match(result.note ?? '', 'no verdict within 20 ms')
})

test('a should warns, an info case is information, a case may skip itself', async () => {
  const results = await runCases([
    caseOf('hs.ok.connection-empty-elements', fails),
    caseOf('hs.ok.slow', fails),
    caseOf(IDS[0], async (t) => t.skip('no reason')),
  ])
  assert.equal(verdicts(results), ['warn', 'info', 'skip'])
  assert.is(results[1].note, 'that')
})

test('the same seed gives a case the same bytes', async () => {
  const seen: string[] = []
  const draws = caseOf(IDS[0], async (t) => void seen.push(t.random.bytes(8).toString('hex')))
  await runCases([draws])
  await runCases([draws])
  await runCases([draws], { context: contextFor(URL_NOBODY_OPENS, { seed: 2 }) })
  assert.is(seen[0], seen[1])
  assert.is.not(seen[0], seen[2])
})

test('a case that passes with more time is too slow, not broken, and the run is incomplete', async () => {
  const slow = caseOf(IDS[0], async (t) => {
    t.timedOut = true
    if (t.timeout < 1000) t.fail('an echo', 'nothing')
  })
  const silent = caseOf(IDS[1], async (t) => {
    t.timedOut = true
    t.fail('an echo', 'nothing')
  })
  const results = await runCases([slow, silent], { context: contextFor(URL_NOBODY_OPENS, { timeout: 200 }), jobs: 1 })
  assert.equal(verdicts(results), ['skip', 'fail'])
  assert.match(results[0].note ?? '', 'too slow for this run: passes with --timeout-factor 8')
  assert.is(summarize(results.slice(0, 1)).verdict, 'incomplete')
})

test('pieces that arrive together once do not make a target that loses them slow', async () => {
  let runs = 0
  const losesPieces = caseOf(
    IDS[0],
    async (t) => {
      t.timedOut = true
      if (++runs !== 3) t.fail('an echo', 'nothing')
    },
    { tags: ['timing'] },
  )
  const [result] = await runCases([losesPieces], { jobs: 1 })
  assert.is(result.verdict, 'fail', result.note)
  assert.is(runs, 4)
})

test('a recommendation that is followed with more time is not a warning', async () => {
  const slow = caseOf(IDS[0], async (t) => {
    t.timedOut = true
    t.assertShould(t.timeout >= 1000, 'status 400', 'nothing')
  })
  const [result] = await runCases([slow], { context: contextFor(URL_NOBODY_OPENS, { timeout: 200 }), jobs: 1 })
  assert.is(result.verdict, 'skip')
  assert.match(result.note ?? '', 'too slow for this run')
})

test('a case that only times out beside others passes', async () => {
  let runs = 0
  const crowded = caseOf(IDS[0], async (t) => {
    t.timedOut = true
    if (++runs === 1) t.fail('an echo', 'nothing')
  })
  const results = await runCases([crowded, caseOf(IDS[1], passes)])
  assert.equal(verdicts(results), ['pass', 'pass'])
  assert.match(results[0].note ?? '', 'timed out only in parallel with other cases')
})

test('a target that is lost before the repetition leaves the first verdict', async () => {
  const results = await runCases([caseOf(IDS[0], fails), caseOf(IDS[1], passes)], {
    isServing: async () => false,
    revive: async () => false,
  })
  assert.equal(verdicts(results), ['fail', 'pass'])
})

test('the death of a process is noticed after its connections, and blamed on the case that ran', async () => {
  const crashTimes: number[] = []
  let isUp = true
  const process = {
    crashTimes: () => crashTimes,
    isAccepting: async () => isUp,
    lastWords: () => 'segmentation fault',
    async revive() {
      isUp = true
      return true
    },
  }
  const kills = caseOf(IDS[0], async () => {
    isUp = false
    setTimeout(() => crashTimes.push(performance.now()), 20)
  })
  const results = await runCases([kills, caseOf(IDS[1], passes)], { ...process, jobs: 1 })
  assert.equal(verdicts(results), ['crash', 'pass'])
})

test('a case that fails while the process dies is no flaky case, although the exit is reported later', async () => {
  const crashTimes: number[] = []
  let isUp = true
  const died = withResolvers()
  const process = {
    crashTimes: () => crashTimes,
    isAccepting: async () => isUp,
    async revive() {
      isUp = true
      return true
    },
  }
  const kills = caseOf(IDS[0], async (t) => {
    isUp = false
    died.resolve()
    setTimeout(() => crashTimes.push(performance.now()), 20)
    t.fail('an echo', 'the end')
  })
  let runs = 0
  const neighbor = caseOf(IDS[1], async (t) => {
    await died.promise
    if (++runs === 1) t.fail('an echo', 'the end')
  })
  const results = await runCases([kills, neighbor], process)
  assert.equal(verdicts(results), ['crash', 'pass'])
  assert.match(results[1].note ?? '', 'ran while the target crashed')
})

test('a death beside other cases that none repeats alone is not discarded, and no case has failed', async () => {
  const crashTimes: number[] = []
  let runs = 0
  const both = IDS.slice(0, 2).map((id) =>
    caseOf(id, async () => {
      if (++runs === 2) crashTimes.push(performance.now())
      await new Promise((resolve) => setImmediate(resolve))
    }),
  )
  const results = await runCases(both, { crashTimes: () => crashTimes, isAccepting: async () => true })
  assert.equal(verdicts(results), ['pass', 'error'])
  assert.match(results[1].note ?? '', 'none of the 2 cases at that time repeats that alone; the cause is unknown')
  assert.is(summarize(results).verdict, 'incomplete')
})

/** A target whose process exits some time after the case that kills it has ended. */
class DyingTarget {
  readonly #crashTimes: number[] = []
  isUp = true

  /** Ends the process. Its exit is reported in a later turn of the event loop. */
  die(): void {
    this.isUp = false
    setTimeout(() => this.#crashTimes.push(performance.now()), 20)
  }

  options(): Partial<RunnerOptions> {
    return {
      crashTimes: () => this.#crashTimes,
      isAccepting: async () => this.isUp,
      isServing: async () => this.isUp,
      revive: async () => {
        this.isUp = true
        return true
      },
    }
  }
}

test('a death after the end of its cause is attributed to that case, not to the one that notices it', async () => {
  for (const jobs of [1, 4]) {
    const target = new DyingTarget()
    let victims = 0
    const killsLater = caseOf(IDS[0], async () => void setTimeout(() => target.die(), 20))
    const victim = caseOf(IDS[1], async (t) => {
      if (++victims === 1) {
        while (target.isUp) await new Promise((resolve) => setImmediate(resolve))
        t.fail('an echo', 'the end')
      }
    })
    const innocent = caseOf(IDS[2], passes)
    const skipped = caseOf(IDS[3], passes, { needs: ['tls'] })
    const reported: string[] = []
    const onResult = ({ id, verdict }: CaseResult): void => void reported.push(`${id} ${verdict}`)
    const results = await runCases([killsLater, skipped, victim, innocent], {
      ...target.options(),
      jobs,
      onResult,
    })
    assert.equal(verdicts(results), ['crash', 'skip', 'pass', 'pass'], `${jobs} jobs`)
    assert.equal(reported.sort(), results.map(({ id, verdict }) => `${id} ${verdict}`).sort())
  }
})

test('a death between two attempts is noticed, although the target serves again', async () => {
  const crashTimes: number[] = []
  let isUp = true
  let death: Promise<void> | null = null
  const die = (): void => {
    isUp = false
    crashTimes.push(performance.now())
  }
  const process = {
    crashTimes: () => crashTimes,
    isAccepting: async () => isUp,
    async isServing() {
      await death
      return isUp
    },
    async revive() {
      isUp = true
      return true
    },
  }
  const killsAfterIt: Case['run'] = async () => {
    death = new Promise((resolve) => setImmediate(() => resolve(die())))
  }
  // A pass that depends on timing is repeated, and the target is restored before that.
  const cases = [caseOf(IDS[0], killsAfterIt, { tags: ['timing'] }), caseOf(IDS[1], passes)]
  const results = await runCases(cases, { ...process, jobs: 1 })
  assert.equal(verdicts(results), ['crash', 'pass'])
})

test('a pass that depends on how the pieces arrive counts when it recurs', async () => {
  let attempts = 0
  const failsLater: Case['run'] = async (t) => {
    if (++attempts > 1) t.fail('this', 'that')
  }
  const [found, held] = await runCases([
    caseOf(IDS[0], failsLater, { phase: 'alone', tags: ['timing'] }),
    caseOf(IDS[1], passes, { phase: 'alone', tags: ['timing'] }),
  ])
  assert.equal([found.verdict, found.attempts, found.note], ['fail', 2, 'passed before'])
  assert.equal([held.verdict, held.attempts], ['pass', 2])
})

test('a pass or a skip counts when it recurs if a reset cut off a write, which hides the end of the connection', async (t) => {
  const url = await startUpgradedServer(t, () => {})
  for (const isSkipped of [false, true]) {
    let attempts = 0
    const isCutOffOnce: Case['run'] = async (trial) => {
      const peer = await trial.open()
      Object.defineProperty(peer, 'isCutOff', { value: ++attempts === 1 })
      if (peer.isCutOff && isSkipped) trial.skip('a 1009 would be lost')
      if (!peer.isCutOff) trial.fail('a Close', 'the end of the stream')
    }
    const [result] = await runCases([caseOf(IDS[0], isCutOffOnce)], { context: contextFor(url) })
    assert.equal([result.verdict, result.attempts], ['fail', 2])
    assert.match(result.note ?? '', isSkipped ? 'was skipped before' : 'passed before')
  }
})

test('a case that needs more than its limit is too slow for the run when it ends with more time', async () => {
  let runs = 0
  const isSlow = (): Promise<void> => (++runs < 3 ? new Promise(() => {}) : Promise.resolve())
  const [result] = await runCases([caseOf(IDS[0], isSlow, { limit: 20 })], { jobs: 1, slowFactor: 100 })
  assert.is(result.verdict, 'skip')
  assert.match(result.note ?? '', 'too slow for this run')
})

test('a timeout is repeated alone, however many other failures were confirmed', async () => {
  const ids = serverEntries.slice(0, 14).map(({ id }) => id)
  let attempts = 0
  const isSlowOnce: Case['run'] = async (t) => {
    if (++attempts > 1) return
    t.timedOut = true
    t.fail('an echo', 'nothing')
  }
  const results = await runCases(ids.map((id, index) => caseOf(id, index === 13 ? isSlowOnce : fails)))
  assert.is(results[13].verdict, 'pass')
})

/** Times out at its first attempts and succeeds later. `judge` decides what a timeout means. */
function timesOut(attempts: number, judge: (t: Trial, ok: boolean) => void): Case['run'] {
  let left = attempts
  return async (t) => {
    const isLate = left-- > 0
    t.timedOut ||= isLate
    judge(t, !isLate)
  }
}

const warnUnless = (t: Trial, ok: boolean): void => void t.assertShould(ok, 'status 400', 'nothing')
const failUnless = (t: Trial, ok: boolean): void => void t.assert(ok, 'an echo', 'nothing')
const skipUnless = (t: Trial, ok: boolean): void => void (ok || t.skip('the target lets connections wait'))

test('a timeout that does not recur alone has no effect, whatever it was taken for and with any number of jobs', async () => {
  for (const jobs of [1, 4]) {
    for (const judge of [warnUnless, failUnless, skipUnless]) {
      const results = await runCases([caseOf(IDS[0], timesOut(1, judge)), caseOf(IDS[1], passes)], { jobs })
      assert.equal(verdicts(results), ['pass', 'pass'], `${judge.name} with ${jobs} jobs`)
      assert.is(results[0].attempts, 2)
    }
  }
})

test('a recommendation that is not followed with more time either is a warning', async () => {
  for (const jobs of [1, 4]) {
    const [result] = await runCases([caseOf(IDS[0], timesOut(3, warnUnless))], { jobs })
    assert.equal([result.verdict, result.note], ['warn', undefined])
  }
})

test('a failure beside other cases does not count against a case that alone skips itself', async () => {
  let runs = 0
  const results = await runCases([
    caseOf(IDS[0], async (t) => {
      if (++runs === 1) t.fail('this', 'that')
      t.skip('the target accepts no message of this size')
    }),
    caseOf(IDS[1], passes),
  ])
  assert.equal(verdicts(results), ['skip', 'pass'])
})

test('every failure beside other cases is repeated alone, however many were confirmed', async () => {
  const ids = serverEntries
    .filter((entry) => entry.class === 'must')
    .slice(0, 14)
    .map(({ id }) => id)
  const silent: Case['run'] = async (t) => {
    t.timedOut = true
    t.fail('an echo', 'nothing')
  }
  for (const [usual, last, verdict] of [
    [fails, timesOut(0, failUnless), 'pass'],
    [silent, timesOut(1, failUnless), 'pass'],
    [fails, failsOnce(), 'flaky'],
  ] as const) {
    const cases = ids.map((id, index) => caseOf(id, index === 13 ? last : usual))
    assert.is((await runCases(cases, { slowFactor: 1 }))[13].verdict, verdict)
  }
})

function failsOnce(): Case['run'] {
  let runs = 0
  return async (t) => void t.assert(++runs > 1, 'this', 'that')
}

test('which cases get more time depends on the order of the cases, not on that of their ends', async () => {
  const released = withResolvers()
  let left = 4
  const silent: Case['run'] = async (t) => {
    if (--left === 0) released.resolve()
    t.timedOut = true
    t.fail('an echo', 'nothing')
  }
  const slow: Case['run'] = async (t) => {
    await released.promise
    t.timedOut = true
    t.assert(t.timeout > 1000, 'an echo', 'nothing')
  }
  const context = contextFor(URL_NOBODY_OPENS, { timeout: 200 })
  const cases = [caseOf(IDS[0], slow), ...IDS.slice(1).map((id) => caseOf(id, silent))]
  const results = await runCases(cases, { context, jobs: 5 })
  assert.equal(verdicts(results), ['skip', 'fail', 'fail', 'fail', 'fail'])
})

/** Needs a longer timeout to hold one requirement, or holds it never. Counts the attempts with a longer timeout. */
function timesOutFor(requirement: string, pace: 'slow' | 'silent', counts: Record<string, number> = {}): Case['run'] {
  return async (t) => {
    const isLong = t.timeout > 1000
    if (isLong) counts[requirement] = (counts[requirement] ?? 0) + 1
    t.timedOut = true
    t.assert(isLong && pace === 'slow', 'an answer', 'nothing', { requirement })
  }
}

const MUST_IDS = serverEntries.filter((entry) => entry.class === 'must').map(({ id }) => id)

test('silence about one requirement and slowness about another do not change the verdicts of each other', async () => {
  for (const jobs of [1, 4]) {
    const counts = {}
    const paces = ['silent', 'silent', 'slow', 'silent', 'silent', 'silent', 'slow', 'silent'] as const
    const results = await runCases(
      paces.map((pace, index) => caseOf(MUST_IDS[index], timesOutFor(`about ${pace}`, pace, counts))),
      { context: contextFor(URL_NOBODY_OPENS, { timeout: 200 }), jobs },
    )
    assert.equal(
      verdicts(results),
      paces.map((pace) => (pace === 'slow' ? 'skip' : 'fail')),
    )
    assert.equal(counts, { 'about silent': 1, 'about slow': 2 })
  }
})

test('a target that is silent about four requirements gets no more time for others', async () => {
  const counts = {}
  const requirements = ['a', 'b', 'c', 'd', 'e', 'f', 'a']
  const results = await runCases(
    requirements.map((name, index) =>
      caseOf(MUST_IDS[index], timesOutFor(name, name === 'f' ? 'slow' : 'silent', counts)),
    ),
    { context: contextFor(URL_NOBODY_OPENS, { timeout: 200 }) },
  )
  assert.equal([...new Set(verdicts(results))], ['fail'])
  assert.equal(counts, { a: 1, b: 1, c: 1, d: 1 })
})

test('a requirement that the target meets in another case gets more time, however often it is silent', async () => {
  const meets: Case['run'] = async (t) => void t.assert(true, 'an answer', 'an answer', { requirement: 'f' })
  for (const jobs of [1, 4]) {
    const results = await runCases(
      [meets, ...['a', 'b', 'c', 'd', 'e', 'f'].map((name) => timesOutFor(name, name === 'f' ? 'slow' : 'silent'))].map(
        (run, index) => caseOf(MUST_IDS[index], run),
      ),
      { context: contextFor(URL_NOBODY_OPENS, { timeout: 200 }), jobs },
    )
    assert.equal(verdicts(results), ['pass', 'fail', 'fail', 'fail', 'fail', 'fail', 'skip'])
  }
})

test('a death beside a case does not give it more time before the cases that precede it', async () => {
  const crashTimes: number[] = []
  const death = withResolvers()
  const dies: Case['run'] = async () => {
    crashTimes.push(performance.now())
    death.resolve()
  }
  const waits: Case['run'] = () => death.promise
  // The first two occupy both jobs, so that the next four begin after the death, and the last two before it.
  const cases = [
    ...[waits, waits, ...['a', 'b', 'c', 'd'].map((name) => timesOutFor(name, 'silent'))].map((run, index) =>
      caseOf(MUST_IDS[index], run),
    ),
    caseOf(MUST_IDS[6], timesOutFor('e', 'slow'), { phase: 'idle' }),
    caseOf(MUST_IDS[7], dies, { phase: 'idle' }),
  ]
  const context = contextFor(URL_NOBODY_OPENS, { timeout: 200 })
  const results = await runCases(cases, { context, jobs: 2, crashTimes: () => crashTimes })
  assert.equal(verdicts(results), ['pass', 'pass', 'fail', 'fail', 'fail', 'fail', 'fail', 'crash'])
})

test('a client that comes only once is not waited for again', async () => {
  const options = { context: contextFor(URL_NOBODY_OPENS), jobs: 1, canRepeat: false }
  const [result] = await runCases([caseOf(IDS[0], timesOut(1, warnUnless))], options)
  assert.equal([result.verdict, result.attempts], ['warn', 1])
})

test('a process whose port refuses connections is dead, although its exit is reported too late', async () => {
  let isUp = true
  const process = {
    crashTimes: () => [],
    isAccepting: async () => isUp,
    async revive() {
      isUp = true
      return true
    },
  }
  const kills = caseOf(IDS[0], async () => {
    isUp = false
  })
  assert.equal(verdicts(await runCases([kills, caseOf(IDS[1], passes)], { ...process, jobs: 1 })), ['crash', 'pass'])
})
