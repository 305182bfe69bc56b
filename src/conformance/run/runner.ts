import { type CatalogueEntry, findEntry } from '../catalogue/index.ts'
import type { CaseResult } from '../result.ts'
import type { Case, Phase, RunContext } from '../script/index.ts'
import { Random } from '../wire/index.ts'
import { unlessAborted } from './abort.ts'
import { CaseAttempts, type Circumstances } from './case-attempt.ts'
import { failureOf, joinNotes, skipped } from './case-result.ts'
import { missingNeed } from './need.ts'
import type { RunOptions } from './options.ts'
import { INTERRUPTED, isBad, TOO_SLOW } from './verdict.ts'

/** How a set of cases is run. */
export interface RunnerOptions
  extends Pick<
    RunOptions,
    | 'jobs'
    | 'retries'
    | 'timeoutFactor'
    | 'slowFactor'
    | 'deadline'
    | 'bail'
    | 'shuffle'
    | 'keepWire'
    | 'repro'
    | 'onWire'
    | 'signal'
  > {
  context: RunContext
  /** Whether a case can be attempted again; default true. A client that connects on its own comes only once. */
  canRepeat?: boolean
  onBegin?(entry: CatalogueEntry): void
  /** Called whenever a case ends. */
  onResult?(result: CaseResult): void
  /** Resolves to whether the target serves. Called after a case that may have harmed it. */
  isServing(): Promise<boolean>
  /** Tries to restore the target. Resolves to false when it is lost. */
  revive(): Promise<boolean>
  /** Waits for a target that is busy. Resolves to false when it does not serve again. */
  recovers?(): Promise<boolean>
  /** The number of times that the process of the target has died. */
  crashCount?(): number
  /** Resolves to whether the port of the target accepts connections. */
  isAccepting?(): Promise<boolean>
  /** The last output of the process. */
  lastWords?(): string
}

/** The outcome of a run. */
export interface RunOutcome {
  results: CaseResult[]
  /** Whether the target stopped serving during the run and did not recover. */
  lost: boolean
}

/** The phases whose cases run one at a time. */
const SINGLE_PHASES: readonly Phase[] = ['alone', 'last', 'after']
/** How many cases about silence run at the same time. They only wait. */
const IDLE_JOBS = 32
/** Multiplies the timeout for the last attempt at a case that timed out again when it was repeated. */
const SLOW_FACTOR = 8
/** After this number of attempts with a longer timeout without a pass, the target is considered silent, not slow. */
const SLOW_ATTEMPTS = 4

/** Cases of one phase that share a limit. */
interface Crew {
  cases: readonly Case[]
  /** How many of the cases run at the same time. */
  jobs: number
}

/** Runs cases against one target, by phases, and returns their results in the order of `cases`. */
export class Runner {
  readonly #options: RunnerOptions
  readonly #attempts: CaseAttempts
  readonly #results = new Map<string, CaseResult>()
  /** Circumstances of the last attempt at each case. */
  readonly #circumstances = new Map<string, Circumstances>()
  readonly #deadline: number
  #failures = 0
  #slowCases = 0
  #silentCases = 0
  #stop: string | null = null
  #lost = false

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#attempts = new CaseAttempts(options)
    this.#deadline = performance.now() + (options.deadline ?? Number.POSITIVE_INFINITY)
  }

  async run(cases: readonly Case[]): Promise<RunOutcome> {
    const order = this.#options.shuffle ? new Random(this.#options.context.seed, 'shuffle').shuffle(cases) : [...cases]
    const inPhase = (phase: Phase): Case[] => order.filter((testCase) => (testCase.phase ?? 'parallel') === phase)
    const jobs = Math.max(1, this.#options.jobs)
    const parallel: Crew = { cases: inPhase('parallel'), jobs }
    const idle: Crew = { cases: inPhase('idle'), jobs: IDLE_JOBS }
    if (jobs > 1) await this.#runTogether(parallel, idle)
    else {
      await this.#runTogether(parallel)
      await this.#runTogether(idle)
    }
    for (const phase of SINGLE_PHASES) await this.#runTogether({ cases: inPhase(phase), jobs: 1 })
    return { results: cases.map((testCase) => this.#results.get(testCase.id) as CaseResult), lost: this.#lost }
  }

  async #runTogether(...crews: readonly Crew[]): Promise<void> {
    const suspects = new Set<Case>()
    const isAlone = crews.length === 1 && crews[0].jobs === 1
    const work = async (waiting: Case[]): Promise<void> => {
      for (let testCase = waiting.shift(); testCase !== undefined; testCase = waiting.shift()) {
        const result = await this.#attempt(testCase, isAlone)
        this.#results.set(testCase.id, result)
        if (!isAlone && (isBad(result.verdict) || this.#isDoubtful(testCase, result))) suspects.add(testCase)
        else await this.#settle(testCase, result)
      }
    }
    const crewWorks = ({ cases, jobs }: Crew): Promise<void>[] => {
      const waiting = [...cases]
      return Array.from({ length: Math.min(jobs, cases.length) }, () => work(waiting))
    }
    await Promise.all(crews.flatMap(crewWorks))
    // The order of the cases and not that of their ends, which differs from run to run.
    await this.#repeatSuspects(crews.flatMap(({ cases }) => cases).filter((testCase) => suspects.has(testCase)))
  }

  /**
   * Repeats cases that failed among others. Those that ran during a crash come first: when one of them causes it again,
   * the others do not count.
   */
  async #repeatSuspects(suspects: readonly Case[]): Promise<void> {
    const died = suspects.filter((testCase) => this.#results.get(testCase.id)?.verdict === 'crash')
    let isGuiltyFound = false
    for (const [index, testCase] of died.entries()) {
      const isLast = index === died.length - 1
      const settled = await this.#repeatAlone(testCase, isLast && !isGuiltyFound ? died : null)
      isGuiltyFound ||= settled.verdict === 'crash'
    }
    for (const testCase of suspects.filter((other) => !died.includes(other))) await this.#repeatAlone(testCase, null)
  }

  /**
   * Repeats a case that failed among others, whose failure counts only when it recurs alone. A crash that no case
   * repeats alone (`died`) is attributed to the last of the cases that ran, so that it is not discarded.
   */
  async #repeatAlone(testCase: Case, died: readonly Case[] | null): Promise<CaseResult> {
    const first = this.#results.get(testCase.id) as CaseResult
    const { refused, timedOut } = this.#circumstances.get(testCase.id) ?? UNSUSPICIOUS
    const again = await this.#again(testCase, first)
    if (again === null) return this.#report(first)
    if (!isBad(again.verdict)) {
      if (first.verdict === 'crash') judgeSurvivor(first, again, died)
      else if (refused || timedOut) {
        const note = 'timed out only in parallel with other cases'
        if (!this.#isDoubtful(testCase, again)) again.note = joinNotes(note, again.note)
      } else {
        if (again.verdict !== 'skip') again.verdict = 'flaky'
        again.note = joinNotes(`only in parallel: ${failureOf(first)}`, again.note)
      }
    }
    return this.#settle(testCase, again)
  }

  /** Attempts a case once more without other cases. Resolves to null when it cannot. */
  async #again(testCase: Case, before: CaseResult, slowFactor = 1): Promise<CaseResult | null> {
    if (this.#stop !== null || this.#options.canRepeat === false) return null
    await this.#ensureServing()
    const again = await this.#attempt(testCase, true, slowFactor)
    if (again.attempts === 0) return null
    again.attempts = before.attempts + 1
    return again
  }

  /** Repeats a case as configured, distinguishes slow from silent targets, then reports the result. */
  async #settle(testCase: Case, result: CaseResult): Promise<CaseResult> {
    let settled = await this.#repeatTimeout(testCase, result)
    for (let left = this.#options.retries; left > 0 && isBad(settled.verdict); left--) {
      const again = await this.#again(testCase, settled)
      if (again === null) break
      if (!isBad(again.verdict)) {
        again.verdict = 'flaky'
        again.note = joinNotes(`failed before: ${failureOf(settled)}`, again.note)
      }
      settled = again
    }
    settled = await this.#tellSlowFromSilent(testCase, await this.#confirmPass(testCase, settled))
    this.#report(settled)
    if (settled.verdict === 'crash') await this.#ensureServing()
    return settled
  }

  get #slowFactor(): number {
    return this.#options.slowFactor ?? SLOW_FACTOR
  }

  /** Whether the verdict of the last attempt may only be due to a timeout. */
  #isDoubtful(testCase: Case, { verdict }: CaseResult): boolean {
    const { timedOut } = this.#circumstances.get(testCase.id) ?? UNSUSPICIOUS
    return timedOut && ['fail', 'warn', 'error', 'skip'].includes(verdict)
  }

  /** Repeats the first attempt at a case when it timed out: the machine may have been busy at that moment. */
  async #repeatTimeout(testCase: Case, first: CaseResult): Promise<CaseResult> {
    if (first.attempts !== 1 || this.#slowFactor <= 1 || !this.#isDoubtful(testCase, first)) return first
    const again = await this.#again(testCase, first)
    if (again !== null && !this.#isDoubtful(testCase, again)) again.note = joinNotes('timed out before', again.note)
    return again ?? first
  }

  /** Repeats a passed case about timing. Pieces may arrive together, which hides a failure. */
  async #confirmPass(testCase: Case, result: CaseResult): Promise<CaseResult> {
    if (!testCase.tags?.includes('timing') || result.verdict !== 'pass') return result
    const again = await this.#again(testCase, result)
    if (again === null || again.verdict === 'skip') return result
    if (again.verdict !== 'pass') again.note = joinNotes('passed before', again.note)
    return again
  }

  /**
   * Gives a case that timed out again one more attempt with a longer timeout. When the verdict is then better, the
   * target is only slow.
   */
  async #tellSlowFromSilent(testCase: Case, result: CaseResult): Promise<CaseResult> {
    const factor = this.#slowFactor
    const isLost = this.#circumstances.get(testCase.id)?.lost === true
    const isKnownSilent = !isLost && this.#slowCases === 0 && this.#silentCases >= SLOW_ATTEMPTS
    if (!this.#isDoubtful(testCase, result) || factor <= 1 || isKnownSilent) return result
    const again = await this.#again(testCase, result, factor)
    if (again === null) return result
    const isBetter = isBad(result.verdict) ? !isBad(again.verdict) : ['pass', 'info'].includes(again.verdict)
    if (!isBetter) {
      this.#silentCases++
      return result
    }
    this.#slowCases++
    const needed = Math.ceil(this.#options.timeoutFactor * factor)
    const note = joinNotes(`${TOO_SLOW}: passes with --timeout-factor ${needed}`, again.note)
    return { ...again, verdict: 'skip', note }
  }

  #report(result: CaseResult): CaseResult {
    this.#results.set(result.id, result)
    this.#options.onResult?.(result)
    if (isBad(result.verdict)) this.#failures++
    if (this.#options.bail !== undefined && this.#failures >= this.#options.bail) this.#stop ??= 'bail'
    return result
  }

  async #ensureServing(): Promise<void> {
    const { isServing, revive, signal } = this.#options
    if (this.#stop !== null || (await unlessAborted(isServing(), true, signal))) return
    if (!(await unlessAborted(revive(), true, signal))) this.#onLost()
  }

  #onLost(): void {
    this.#lost = true
    this.#stop ??= 'target lost'
  }

  /** Runs a case once, or skips it with a reason. With `isAlone` no other case runs. */
  async #attempt(testCase: Case, isAlone: boolean, slowFactor = 1): Promise<CaseResult> {
    const entry = findEntry(testCase.id)
    if (entry === undefined) throw new Error(`${testCase.id} is not in the catalogue`)
    const reason = this.#stop ?? this.#interruption() ?? missingNeed(testCase, this.#options.context)
    if (reason !== null) return skipped(entry, reason, this.#options.repro(testCase.id))
    this.#options.onBegin?.(entry)
    const attempt = this.#attempts.run(testCase, entry, { isAlone, slowFactor })
    const outcome = await unlessAborted(attempt, null, this.#options.signal)
    if (outcome === null) return skipped(entry, INTERRUPTED, this.#options.repro(testCase.id))
    const { result, circumstances, isLost } = outcome
    this.#circumstances.set(testCase.id, circumstances)
    if (isLost) this.#onLost()
    return result
  }

  #interruption(): string | null {
    if (this.#options.signal?.aborted) this.#stop = INTERRUPTED
    else if (performance.now() >= this.#deadline) this.#stop = 'deadline'
    return this.#stop
  }
}

const UNSUSPICIOUS: Circumstances = { timedOut: false, refused: false, lost: false }

/**
 * Handles a case that does not crash the target alone. It counts as the cause only if it is the last candidate
 * (`died`).
 */
function judgeSurvivor(first: CaseResult, again: CaseResult, died: readonly Case[] | null): void {
  if (died === null) {
    again.note = joinNotes('ran while the target crashed', again.note)
    return
  }
  again.verdict = 'crash'
  const names = died.map(({ id }) => id).join(', ')
  again.note = joinNotes(
    `the target crashed while these cases ran, and none of them repeats that alone: ${names}; the cause is unknown`,
    first.note,
  )
}
