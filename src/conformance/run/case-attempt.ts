import type { CatalogueEntry } from '../catalogue/index.ts'
import { type Peer, WireLog } from '../peer/index.ts'
import type { CaseResult, Verdict } from '../result.ts'
import { CASE_LIMIT, type Case, type RunContext, Trial } from '../script/index.ts'
import { poll, Random, within } from '../wire/index.ts'
import { joinNotes, readThrown, resultOf, verdictOf } from './case-result.ts'
import type { RunOptions } from './options.ts'
import { isBad } from './verdict.ts'

/** What an attempt at a case needs of the run. */
export interface AttemptOptions extends Pick<RunOptions, 'timeoutFactor' | 'keepWire' | 'repro' | 'onWire' | 'signal'> {
  context: RunContext
  /** Resolves to whether the target serves. */
  isServing(): Promise<boolean>
  /** Tries to restore the target. Resolves to false when it is lost. */
  revive(): Promise<boolean>
  /** Waits for a target that is busy. Resolves to false when it does not serve again. */
  recovers?(): Promise<boolean>
  /** When the process of the target has died, by `performance.now()`. */
  crashTimes?(): readonly number[]
  /** Resolves to whether the port of the target accepts connections. */
  isAccepting?(): Promise<boolean>
  /** The last output of the process. */
  lastWords?(): string
}

/** The circumstances of an attempt: they can make a failure uncertain. Times are of `performance.now()`. */
export interface Circumstances {
  began: number
  ended: number
  /** When the target died during the attempt, or null when it did not. */
  diedAt: number | null
  /** Whether a wait timed out. */
  timedOut: boolean
  /** Whether the target refused a connection. */
  refused: boolean
  /** Whether the target did not serve a new connection. */
  lost: boolean
  /** Whether a reset ended a write. A Close that was sent before it is lost, so that its absence proves nothing. */
  cutOff: boolean
}

/** Milliseconds within which the exit of a process is reported after it has refused a connection. */
const EXIT_LIMIT = 1_000
/** Milliseconds within which the exit of a process is reported after its cause, also on a busy machine. */
export const DEATH_LIMIT = 5_000
/** Milliseconds for which a process that still serves is watched after a case that may end it. */
const WATCH_TIME = 500
/** How many lines of the output of a process a note contains. */
const LAST_LINES = 8

/** A target must not be kept from serving others (RFC 6455 §10.4). */
const HANG = { class: 'must', requirement: '6455-10.4-1' } as const

/** How one attempt at a case is made. */
export interface AttemptSettings {
  /** Whether no other case runs. */
  isAlone?: boolean
  /** Whether to wait after the case for the death of the target, which may come later than its last reply. */
  isWatched?: boolean
  /** Multiplies the timeouts; default 1. */
  slowFactor?: number
}

/** Performs single attempts at cases, and detects whether the target survived them. */
export class CaseAttempts {
  readonly #options: AttemptOptions
  /** The number of deaths that attempts have noticed. */
  #noticedDeaths = 0

  constructor(options: AttemptOptions) {
    this.#options = options
  }

  async run(
    testCase: Case,
    entry: CatalogueEntry,
    { isAlone = false, isWatched = false, slowFactor = 1 }: AttemptSettings,
  ): Promise<{ result: CaseResult; circumstances: Circumstances; isLost: boolean }> {
    const { context, onWire, repro, keepWire, signal } = this.#options
    const log = new WireLog(onWire && ((event) => onWire(testCase.id, event)))
    const ownContext = slowFactor === 1 ? context : { ...context, timeout: context.timeout * slowFactor }
    const trial = new Trial(entry, ownContext, new Random(context.seed, testCase.id), log)
    // A death between two attempts is noticed by the second one.
    const crashes = this.#noticedDeaths
    const began = performance.now()
    const onAbort = (): void => trial.close()
    signal?.addEventListener('abort', onAbort)
    const outcome = await this.#perform(testCase, trial, slowFactor)
    signal?.removeEventListener('abort', onAbort)
    const ended = performance.now()
    let verdict = outcome.verdict ?? verdictOf(trial)
    trial.close()
    if (isWatched) await this.#watch(crashes)
    const hasDied = await this.#hasDied(trial, crashes, isAlone || isBad(verdict))
    const state = hasDied ? 'dead' : trial.lost || testCase.phase === 'last' ? await this.#stateOf() : 'serving'
    if (state === 'hung') {
      trial.assert(false, 'the target serves again', 'it accepts connections and serves none', HANG)
      verdict = verdictOf(trial)
    } else if (state === 'dead') verdict = 'crash'
    const note = joinNotes(outcome.note, hasDied ? this.#describeDeath() : undefined)
    const diedAt = state === 'dead' ? this.#timeOfDeath(crashes) : null
    const isLost = state !== 'serving' && !(await this.#options.revive())
    if (state === 'dead') this.#noticedDeaths = this.#crashes
    const duration = ended - began
    const result = resultOf(trial, { verdict, duration, note, repro: repro(entry.id), keepWire })
    const { timedOut, refused, lost } = trial
    const cutOff = trial.peers.some(({ isCutOff }) => isCutOff)
    return { result, circumstances: { began, ended, diedAt, timedOut, refused, lost, cutOff }, isLost }
  }

  /** The number of times that the process of the target has died. */
  get #crashes(): number {
    return this.#options.crashTimes?.().length ?? 0
  }

  /** Resolves to whether the process dies within these milliseconds, or has died, after `crashes` earlier deaths. */
  #diesWithin(milliseconds: number, crashes: number): Promise<boolean> {
    return poll(async () => this.#crashes > crashes, milliseconds)
  }

  /**
   * Resolves to whether the target has died: its port then refuses connections. The exit of a process may be reported
   * later than that.
   */
  async #hasDied(trial: Trial, crashes: number, isDoubtful: boolean): Promise<boolean> {
    const { crashTimes, isAccepting } = this.#options
    const isDead = (): boolean => this.#crashes > crashes
    // The death of a process ends its connections, without a Close.
    const isSuspicious = isDoubtful || trial.refused || trial.peers.some(hasEndedWithoutClose)
    if (isDead() || !isSuspicious || isAccepting === undefined || (await isAccepting())) return isDead()
    // Otherwise the exit would be counted during the next attempt.
    if (crashTimes !== undefined) await this.#diesWithin(EXIT_LIMIT, crashes)
    return true
  }

  /** Waits for a death after the end of a case. A process that is dying serves no new connection. */
  async #watch(crashes: number): Promise<void> {
    if (await this.#diesWithin(WATCH_TIME, crashes)) return
    if (!(await this.#options.isServing())) await this.#diesWithin(DEATH_LIMIT, crashes)
  }

  /** Returns when the exit was reported that followed `crashes` earlier ones, or the current time without a report. */
  #timeOfDeath(crashes: number): number {
    return this.#options.crashTimes?.().slice(crashes).at(-1) ?? performance.now()
  }

  #describeDeath(): string {
    const words = this.#options.lastWords?.().trim().split('\n').slice(-LAST_LINES).join('\n')
    return `the target died${words ? `; its last output: ${words}` : ''}`
  }

  /** A busy target is waited for. Only a target that refuses connections is dead. */
  async #stateOf(): Promise<'serving' | 'hung' | 'dead'> {
    const { isServing, isAccepting, recovers } = this.#options
    if (await isServing()) return 'serving'
    if (!(await isAccepting?.())) return 'dead'
    return (await recovers?.()) ? 'serving' : 'hung'
  }

  async #perform(testCase: Case, trial: Trial, slowFactor: number): Promise<{ verdict?: Verdict; note?: string }> {
    const limit = (testCase.limit ?? CASE_LIMIT) * this.#options.timeoutFactor * slowFactor
    try {
      if ((await within(testCase.run(trial), limit)) === null) {
        trial.noteTimeout()
        throw new Error(`no verdict within ${Math.round(limit)} ms`)
      }
    } catch (error) {
      return readThrown(error, trial)
    }
    return {}
  }
}

function hasEndedWithoutClose({ closing }: Peer): boolean {
  return closing.tcp === 'rst' || (closing.tcp === 'fin' && closing.by === 'server' && closing.code === null)
}
