import { type CatalogueEntry, findEntry } from '../catalogue/index.ts'
import { WireLog } from '../peer/index.ts'
import type { CaseResult, Verdict } from '../result.ts'
import { type Case, type Phase, type RunContext, Trial } from '../script/index.ts'
import { Random } from '../wire/index.ts'
import { failureOf, joinNotes, readThrown, resultOf, skipped, verdictOf } from './case-result.ts'
import type { RunOptions } from './options.ts'
import { isBad } from './verdict.ts'

/** How a set of cases is run. */
export interface RunnerOptions
  extends Pick<
    RunOptions,
    'jobs' | 'retries' | 'timeoutFactor' | 'deadline' | 'bail' | 'shuffle' | 'keepWire' | 'repro' | 'onWire' | 'signal'
  > {
  context: RunContext
  onBegin?(entry: CatalogueEntry): void
  /** Called as each case ends, in the order of their ends. */
  onResult?(result: CaseResult): void
  /** Whether the target serves; called after a case that may have harmed it. */
  isServing(): Promise<boolean>
  /** Tries to get the target back; false when it is lost. */
  revive(): Promise<boolean>
  /** Grows when the process of the target dies. */
  crashCount?(): number
  /** The last output of that process. */
  lastWords?(): string
}

/** What a run found. */
export interface RunOutcome {
  results: CaseResult[]
  /** The target was lost during the run and did not come back. */
  lost: boolean
}

const LIMIT = 60_000
const PHASES: readonly Phase[] = ['parallel', 'idle', 'alone', 'last', 'after']
/** Cases of silence wait, they do not work: this many at once. */
const IDLE_JOBS = 32
/** After that many failures that recurred when repeated alone, further ones are not repeated. */
const REPEATS = 12
/** Lines of the last output of a process that go into a note. */
const LAST_LINES = 8

/** Runs cases against one target, by phases, and gives their results in the order of `cases`. */
export class Runner {
  readonly #options: RunnerOptions
  readonly #results = new Map<string, CaseResult>()
  #failures = 0
  #confirmed = 0
  #stop: string | null = null
  #lost = false
  #deadline: number

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#deadline = performance.now() + (options.deadline ?? Number.POSITIVE_INFINITY)
  }

  async run(cases: readonly Case[]): Promise<RunOutcome> {
    const order = this.#options.shuffle ? new Random(this.#options.context.seed, 'shuffle').shuffle(cases) : [...cases]
    for (const phase of PHASES) {
      const ofPhase = order.filter((testCase) => (testCase.phase ?? 'parallel') === phase)
      const jobs = phase === 'parallel' ? this.#options.jobs : phase === 'idle' ? IDLE_JOBS : 1
      await this.#runPhase(ofPhase, Math.max(1, jobs))
    }
    return { results: cases.map((testCase) => this.#results.get(testCase.id) as CaseResult), lost: this.#lost }
  }

  async #runPhase(cases: Case[], jobs: number): Promise<void> {
    const waiting = [...cases]
    const suspects: Case[] = []
    const work = async (): Promise<void> => {
      for (let testCase = waiting.shift(); testCase !== undefined; testCase = waiting.shift()) {
        const result = await this.#runOnce(testCase)
        this.#results.set(testCase.id, result)
        if (jobs > 1 && isBad(result.verdict)) suspects.push(testCase)
        else await this.#settle(testCase, result)
      }
    }
    await Promise.all(Array.from({ length: Math.min(jobs, cases.length) }, work))
    // Cases that ran while the target died are repeated first: once one is guilty, its neighbors are not.
    const died = suspects.filter((testCase) => this.#results.get(testCase.id)?.verdict === 'crash')
    const guilty = { found: false }
    for (const testCase of [...died, ...suspects.filter((other) => !died.includes(other))]) {
      await this.#repeatAlone(testCase, guilty)
    }
  }

  /** A failure beside other cases counts only when it recurs alone. */
  async #repeatAlone(testCase: Case, guilty: { found: boolean }): Promise<void> {
    const first = this.#results.get(testCase.id) as CaseResult
    if (this.#stop !== null || (this.#confirmed >= REPEATS && first.verdict === 'fail')) return this.#report(first)
    await this.#ensureServing()
    const again = await this.#runOnce(testCase)
    again.attempts = 2
    if (again.verdict === 'crash') guilty.found = true
    if (isBad(again.verdict)) this.#confirmed++
    else if (again.verdict !== 'skip' && !guilty.found) {
      again.verdict = 'flaky'
      again.note = joinNotes(`only in parallel: ${failureOf(first)}`, again.note)
    }
    await this.#settle(testCase, again)
  }

  /** Retries as asked for, then reports. */
  async #settle(testCase: Case, result: CaseResult): Promise<void> {
    let settled = result
    for (let left = this.#options.retries; left > 0 && isBad(settled.verdict) && this.#stop === null; left--) {
      await this.#ensureServing()
      const again = await this.#runOnce(testCase)
      again.attempts = settled.attempts + 1
      if (!isBad(again.verdict)) {
        again.verdict = 'flaky'
        again.note = joinNotes(`failed before: ${failureOf(settled)}`, again.note)
      }
      settled = again
    }
    this.#report(settled)
    if (settled.verdict === 'crash') await this.#ensureServing()
  }

  #report(result: CaseResult): void {
    this.#results.set(result.id, result)
    this.#options.onResult?.(result)
    if (isBad(result.verdict)) this.#failures++
    if (this.#options.bail !== undefined && this.#failures >= this.#options.bail) this.#stop ??= 'bail'
  }

  async #ensureServing(): Promise<void> {
    if (this.#stop !== null || (await this.#options.isServing())) return
    if (await this.#options.revive()) return
    this.#lost = true
    this.#stop = 'target lost'
  }

  async #runOnce(testCase: Case): Promise<CaseResult> {
    const entry = findEntry(testCase.id)
    if (entry === undefined) throw new Error(`${testCase.id} is not in the catalogue`)
    const reason = this.#stop ?? this.#interruption() ?? this.#missing(testCase)
    if (reason !== null) return skipped(entry, reason, this.#options.repro(testCase.id))
    const { context, onWire } = this.#options
    this.#options.onBegin?.(entry)
    const log = new WireLog(onWire && ((event) => onWire(testCase.id, event)))
    const trial = new Trial(entry, context, new Random(context.seed, testCase.id), log)
    const crashes = this.#options.crashCount?.() ?? 0
    const began = performance.now()
    const ended = await this.#perform(testCase, trial)
    const duration = performance.now() - began
    let verdict = ended.verdict ?? verdictOf(trial)
    trial.close()
    const died = (this.#options.crashCount?.() ?? 0) > crashes
    if (died || trial.lost || testCase.phase === 'last') verdict = (await this.#isDown(died)) ? 'crash' : verdict
    const words = died ? this.#options.lastWords?.().trim().split('\n').slice(-LAST_LINES).join('\n') : undefined
    const note = joinNotes(ended.note, words && `the target died; its last output: ${words}`)
    const { keepWire } = this.#options
    return resultOf(trial, { verdict, duration, note, repro: this.#options.repro(entry.id), keepWire })
  }

  /** Whether the target is really down: it died, or a fresh look finds it not serving. */
  async #isDown(died: boolean): Promise<boolean> {
    const down = died || !(await this.#options.isServing())
    if (down && !(await this.#options.revive())) {
      this.#lost = true
      this.#stop ??= 'target lost'
    }
    return down
  }

  async #perform(testCase: Case, trial: Trial): Promise<{ verdict?: Verdict; note?: string }> {
    let timer: NodeJS.Timeout | undefined
    const limit = (testCase.limit ?? LIMIT) * this.#options.timeoutFactor
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no verdict within ${Math.round(limit)} ms`)), limit)
    })
    try {
      await Promise.race([testCase.run(trial), late])
    } catch (error) {
      return readThrown(error, trial)
    } finally {
      clearTimeout(timer)
    }
    return {}
  }

  #interruption(): string | null {
    if (this.#options.signal?.aborted) this.#stop = 'interrupted'
    else if (performance.now() >= this.#deadline) this.#stop = 'deadline'
    return this.#stop
  }

  #missing(testCase: Case): string | null {
    const { capabilities, target, subprotocol } = this.#options.context
    for (const need of testCase.needs ?? []) {
      if (need === 'echo' && !capabilities.echo) return 'the target does not echo'
      if (need === 'pmd' && !capabilities.pmd) return 'the target declined permessage-deflate'
      if (need === 'tls' && !target.secure) return 'only for wss targets'
      if (need === 'subprotocol' && subprotocol === null) return 'needs --subprotocol NAME'
    }
    return null
  }
}
