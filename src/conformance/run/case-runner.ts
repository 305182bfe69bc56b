import { setMaxListeners } from 'node:events'
import { type CatalogueEntry, findEntry } from '../catalogue/index.ts'
import type { CaseResult } from '../result.ts'
import type { Case } from '../script/index.ts'
import { unlessAborted } from './abort.ts'
import {
  type AttemptOptions,
  type AttemptSettings,
  CaseAttempts,
  type Circumstances,
  HELD_TIME,
} from './case-attempt.ts'
import { failureOf, joinNotes, skipped } from './case-result.ts'
import { missingNeed } from './need.ts'
import type { RunOptions } from './options.ts'
import { INTERRUPTED, isBad, TOO_SLOW } from './verdict.ts'

/** Multiplies the timeout for the last attempt at a case that timed out again when it was repeated. */
const SLOW_FACTOR = 8
/**
 * When a longer timeout has not helped for this number of requirements, no further requirement gets one, except those
 * that the target meets in other cases.
 */
const SILENT_REQUIREMENTS = 4

/** The circumstances of a case that was never attempted. */
const UNSUSPICIOUS: Circumstances = {
  began: Number.NEGATIVE_INFINITY,
  ended: Number.NEGATIVE_INFINITY,
  loss: null,
  timedOut: false,
  unheard: false,
  refused: false,
  lost: false,
  cutOff: false,
  proven: false,
}

/** How single cases are run. */
export interface CaseRunnerOptions extends AttemptOptions, Pick<RunOptions, 'retries' | 'slowFactor' | 'deadline'> {
  /** Whether a case can be attempted again; default true. A client that connects on its own comes only once. */
  canRepeat?: boolean
  onBegin?(entry: CatalogueEntry): void
}

/** Runs single cases with their repetitions, until a reason to stop. */
export class CaseRunner {
  readonly #options: CaseRunnerOptions
  readonly #attempts: CaseAttempts
  /** Circumstances of the last attempt at each case. */
  readonly #circumstances = new Map<string, Circumstances>()
  readonly #deadline: number
  /** Requirements that seemed to be broken until a longer timeout showed that the target is slow. */
  readonly #slow = new Set<string>()
  /** Requirements for which the target stayed silent. */
  readonly #silent = new Set<string>()
  /** Requirements that the target has met in a case. */
  readonly #met = new Set<string>()
  #stop: string | null = null
  #lost = false

  constructor(options: CaseRunnerOptions) {
    this.#options = options
    this.#attempts = new CaseAttempts(options)
    // Each case that runs listens, so that more than the usual number of listeners is no leak.
    if (options.signal !== undefined) setMaxListeners(0, options.signal)
    this.#deadline = performance.now() + (options.deadline ?? Number.POSITIVE_INFINITY)
  }

  /** The losses of the target. */
  get losses(): CaseAttempts['losses'] {
    return this.#attempts.losses
  }

  /** Whether the target stopped serving and did not recover. */
  get lost(): boolean {
    return this.#lost
  }

  /** Skips all further cases with this reason, unless there was a reason before. */
  stop(reason: string): void {
    this.#stop ??= reason
  }

  /** Returns the circumstances of the last attempt at a case. */
  circumstancesOf({ id }: Case): Circumstances {
    return this.#circumstances.get(id) ?? UNSUSPICIOUS
  }

  /** Runs a case once, or skips it with a reason. */
  async attempt(testCase: Case, settings: AttemptSettings): Promise<CaseResult> {
    const entry = findEntry(testCase.id)
    if (entry === undefined) throw new Error(`${testCase.id} is not in the catalogue`)
    const reason = this.#stop ?? this.#interruption() ?? missingNeed(testCase, this.#options.context)
    if (reason !== null) return skipped(entry, reason, this.#options.repro(testCase.id))
    this.#options.onBegin?.(entry)
    const attempt = this.#attempts.run(testCase, entry, settings)
    const outcome = await unlessAborted(attempt, null, this.#options.signal)
    if (outcome === null) return skipped(entry, INTERRUPTED, this.#options.repro(testCase.id))
    const { result, circumstances, isLost } = outcome
    this.#circumstances.set(testCase.id, circumstances)
    for (const { ok, requirement } of result.assertions) if (ok) this.#met.add(requirement)
    if (isLost) this.#onLost()
    return result
  }

  /** Attempts a case once more without other cases. Resolves to null when it cannot. */
  async again(testCase: Case, before: CaseResult, settings: AttemptSettings = {}): Promise<CaseResult | null> {
    if (this.#stop !== null || this.#options.canRepeat === false) return null
    await this.ensureServing()
    const again = await this.attempt(testCase, { ...settings, isAlone: true })
    if (again.attempts === 0) return null
    again.attempts = before.attempts + 1
    return again
  }

  /** Repeats a case as configured and returns the result. A loss of the target that it did not cause interrupts that. */
  async settle(testCase: Case, result: CaseResult): Promise<CaseResult> {
    const isCause = this.circumstancesOf(testCase).loss !== null
    const isInterrupted = (): boolean => !isCause && this.circumstancesOf(testCase).loss !== null
    let settled = await this.#repeatTimeout(testCase, result)
    if (isInterrupted()) return settled
    for (let left = this.#options.retries; left > 0 && isBad(settled.verdict); left--) {
      const again = await this.again(testCase, settled, isCause ? { watchUntil: watchLong } : {})
      if (again === null) break
      if (isInterrupted()) return again
      if (!isBad(again.verdict)) {
        again.verdict = 'flaky'
        again.note = joinNotes(`failed before: ${failureOf(settled)}`, again.note)
      }
      settled = again
    }
    return this.#confirm(testCase, settled)
  }

  /**
   * Gives a case that timed out again one more attempt with a longer timeout. When the verdict is then better, the
   * target is only slow. A requirement for which that did not help gets no further attempt: the target is silent there.
   * What other requirements have shown does not matter, so that a verdict does not depend on a timeout elsewhere.
   */
  async tellSlowFromSilent(testCase: Case, result: CaseResult): Promise<CaseResult> {
    const factor = this.#slowFactor
    const requirement = failedRequirementOf(result)
    const isSilent = !this.circumstancesOf(testCase).lost && this.#isSilent(requirement)
    if (!this.isDoubtful(testCase, result) || factor <= 1 || isSilent) return result
    const patience = { slowFactor: factor }
    const first = await this.again(testCase, result, patience)
    if (first === null) return result
    const again = await this.#confirm(testCase, first, patience)
    const isBetter = isBad(result.verdict) ? !isBad(again.verdict) : ['pass', 'info'].includes(again.verdict)
    const known = isBetter ? this.#slow : this.#silent
    known.add(requirement)
    if (!isBetter) return result
    const needed = Math.ceil(this.#options.timeoutFactor * factor)
    const note = joinNotes(`${TOO_SLOW}: passes with --timeout-factor ${needed}`, again.note)
    return { ...again, verdict: 'skip', note }
  }

  /** Whether the target is known to stay silent where this requirement wants an answer. */
  #isSilent(requirement: string): boolean {
    if (this.#slow.has(requirement)) return false
    return this.#silent.has(requirement) || (this.#silent.size >= SILENT_REQUIREMENTS && !this.#met.has(requirement))
  }

  get #slowFactor(): number {
    return this.#options.slowFactor ?? SLOW_FACTOR
  }

  /** Whether the verdict of the last attempt may only be due to a timeout. */
  isDoubtful(testCase: Case, { verdict }: CaseResult): boolean {
    const { timedOut, loss } = this.circumstancesOf(testCase)
    return timedOut && loss === null && ['fail', 'warn', 'error', 'skip'].includes(verdict)
  }

  /** Repeats the first attempt at a case when it timed out: the machine may have been busy at that moment. */
  async #repeatTimeout(testCase: Case, first: CaseResult): Promise<CaseResult> {
    if (first.attempts !== 1 || this.#slowFactor <= 1 || !this.isDoubtful(testCase, first)) return first
    const again = await this.again(testCase, first)
    if (again !== null && !this.isDoubtful(testCase, again)) again.note = joinNotes('timed out before', again.note)
    return again ?? first
  }

  /**
   * Repeats a case whose good verdict may be due to chance: pieces may arrive together, and a reset may end a write before
   * the end of the connection is read. Both hide a failure.
   */
  async #confirm(testCase: Case, result: CaseResult, settings: AttemptSettings = {}): Promise<CaseResult> {
    const { verdict } = result
    const { cutOff, proven } = this.circumstancesOf(testCase)
    const isChance =
      (verdict === 'pass' && testCase.tags?.includes('timing') && !proven) ||
      (cutOff && (verdict === 'pass' || verdict === 'skip'))
    const again = isChance ? await this.again(testCase, result, settings) : null
    if (again === null || again.verdict === 'skip') return result
    if (again.verdict !== verdict)
      again.note = joinNotes(verdict === 'pass' ? 'passed before' : 'was skipped before', again.note)
    return again
  }

  /** Resolves to whether the target seems to serve nothing: an attempt received nothing, and another connection neither. */
  async seemsHung(testCase: Case): Promise<boolean> {
    const { isServing, signal } = this.#options
    return this.circumstancesOf(testCase).unheard && !(await unlessAborted(isServing(), true, signal))
  }

  /** Restores a target that does not serve. */
  async ensureServing(): Promise<void> {
    const { isServing, revive, signal } = this.#options
    const since = performance.now()
    if (this.#stop !== null) return
    if (await unlessAborted(isServing(), true, signal)) this.losses.noteService(since)
    else if (!(await unlessAborted(revive(), true, signal))) this.#onLost()
  }

  /** Watches the target until this time: a loss may come later than the last case that may be its cause. */
  async watchUntil(time: number): Promise<void> {
    if (this.#interruption() !== null) return
    if (!(await unlessAborted(this.#attempts.watchUntil(time), true, this.#options.signal))) this.#onLost()
  }

  #onLost(): void {
    this.#lost = true
    this.#stop ??= 'target lost'
  }

  #interruption(): string | null {
    if (this.#options.signal?.aborted) this.#stop = INTERRUPTED
    else if (performance.now() >= this.#deadline) this.#stop = 'deadline'
    return this.#stop
  }
}

/** Returns the requirement that a case found broken. A case that ended in another way has only its verdict. */
function failedRequirementOf({ assertions, verdict }: CaseResult): string {
  return assertions.find(({ ok }) => !ok)?.requirement ?? verdict
}

/** A loss of the target may recur as late as the latest that is attributed to a case. */
function watchLong(_began: number, ended: number): number {
  return ended + HELD_TIME
}
