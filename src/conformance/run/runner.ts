import { type CatalogueEntry, findEntry } from '../catalogue/index.ts'
import type { CaseResult } from '../result.ts'
import type { Case, Phase, RunContext } from '../script/index.ts'
import { Random } from '../wire/index.ts'
import { unlessAborted } from './abort.ts'
import { CaseAttempts, type Circumstances } from './case-attempt.ts'
import { failureOf, joinNotes, skipped } from './case-result.ts'
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
/** How many failures must recur alone until further ones are no longer repeated. */
const REPEATS = 12
/** Multiplies the timeout for the second attempt at a case that timed out. */
const SLOW_FACTOR = 8
/** After this number of second attempts without a pass, the target is considered silent and not slow. */
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
  #confirmed = 0
  /** How many confirmed failures were timeouts, which show whether the target is silent or busy. */
  #confirmedTimeouts = 0
  /** Whether a case that timed out among others has passed alone. Every timeout must then recur to count. */
  #isSlowInCompany = false
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
    const suspects: Case[] = []
    const isAlone = crews.length === 1 && crews[0].jobs === 1
    const work = async (waiting: Case[]): Promise<void> => {
      for (let testCase = waiting.shift(); testCase !== undefined; testCase = waiting.shift()) {
        const result = await this.#attempt(testCase, isAlone)
        this.#results.set(testCase.id, result)
        if (!isAlone && isBad(result.verdict)) suspects.push(testCase)
        else await this.#settle(testCase, result)
      }
    }
    const crewWorks = ({ cases, jobs }: Crew): Promise<void>[] => {
      const waiting = [...cases]
      return Array.from({ length: Math.min(jobs, cases.length) }, () => work(waiting))
    }
    await Promise.all(crews.flatMap(crewWorks))
    // Cases that ran during a crash are repeated first: when one of them causes it again, the others do not count.
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
    const confirmed = timedOut ? this.#confirmedTimeouts : this.#confirmed
    const isDoubted = refused || (timedOut && this.#isSlowInCompany)
    const isBelieved = confirmed >= REPEATS && first.verdict === 'fail' && !isDoubted
    if (this.#stop !== null || isBelieved) return this.#report(first)
    await this.#ensureServing()
    const again = await this.#attempt(testCase, true)
    if (again.verdict === 'skip') return this.#report(first)
    again.attempts = 2
    if (isBad(again.verdict)) {
      this.#confirmed++
      if (timedOut) this.#confirmedTimeouts++
    } else if (first.verdict === 'crash') judgeSurvivor(first, again, died)
    else if (refused || timedOut) {
      this.#isSlowInCompany = true
      again.note = joinNotes('timed out only in parallel with other cases', again.note)
    } else {
      again.verdict = 'flaky'
      again.note = joinNotes(`only in parallel: ${failureOf(first)}`, again.note)
    }
    return this.#settle(testCase, again)
  }

  /** Repeats a case as configured, distinguishes slow from silent targets, then reports the result. */
  async #settle(testCase: Case, result: CaseResult): Promise<CaseResult> {
    let settled = result
    for (let left = this.#options.retries; left > 0 && isBad(settled.verdict) && this.#stop === null; left--) {
      await this.#ensureServing()
      const again = await this.#attempt(testCase, true)
      if (again.verdict === 'skip') break
      again.attempts = settled.attempts + 1
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

  /** Repeats a passed case about timing. Pieces may arrive together, which hides a failure. */
  async #confirmPass(testCase: Case, result: CaseResult): Promise<CaseResult> {
    if (!testCase.tags?.includes('timing') || result.verdict !== 'pass' || this.#stop !== null) return result
    const again = await this.#attempt(testCase, true)
    if (again.verdict === 'skip') return result
    again.attempts = result.attempts + 1
    if (again.verdict !== 'pass') again.note = joinNotes('passed before', again.note)
    return again
  }

  /**
   * Gives a case that timed out a second attempt with a longer timeout. When the case then passes, the target is only
   * slow.
   */
  async #tellSlowFromSilent(testCase: Case, result: CaseResult): Promise<CaseResult> {
    const factor = this.#options.slowFactor ?? SLOW_FACTOR
    const isOpen = ['fail', 'warn', 'error'].includes(result.verdict)
    const { timedOut, lost } = this.#circumstances.get(testCase.id) ?? UNSUSPICIOUS
    const isKnownSilent = !lost && this.#slowCases === 0 && this.#silentCases >= SLOW_ATTEMPTS
    if (!isOpen || !timedOut || factor <= 1 || isKnownSilent || this.#stop !== null) return result
    await this.#ensureServing()
    const again = await this.#attempt(testCase, true, factor)
    if (isBad(again.verdict) || again.verdict === 'skip') {
      this.#silentCases++
      return result
    }
    this.#slowCases++
    const needed = Math.ceil(this.#options.timeoutFactor * factor)
    const note = joinNotes(`${TOO_SLOW}: passes with --timeout-factor ${needed}`, again.note)
    return { ...again, verdict: 'skip', note, attempts: result.attempts + 1 }
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
    const reason = this.#stop ?? this.#interruption() ?? this.#missing(testCase)
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

  #missing(testCase: Case): string | null {
    const { capabilities, target, subprotocol } = this.#options.context
    if (target.http2 && isAboutHttp1(testCase)) return 'is about the handshake of HTTP/1.1'
    for (const need of testCase.needs ?? []) {
      if (need === 'echo' && !capabilities.echo) return 'the target does not echo'
      if (need === 'pmd' && !capabilities.pmd) return 'the target declined permessage-deflate'
      if (need === 'http2' && !target.http2) return 'needs --http2'
      if (need === 'tls' && !target.secure) return 'only for wss targets'
      if (need === 'subprotocol' && subprotocol === null) return 'needs --subprotocol NAME'
    }
    return null
  }
}

/**
 * Returns whether a case is only about HTTP/1.1. Version, subprotocols and extensions are the same fields over HTTP/2
 * (RFC 8441 §5).
 */
function isAboutHttp1({ id }: Case): boolean {
  return id === 'hs.ver.status-426' || (id.startsWith('hs.') && !/^hs\.(?:ver|proto|ext)\./.test(id))
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
