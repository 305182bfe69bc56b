import type { CatalogueEntry } from '../catalogue/index.ts'
import { type Peer, WireLog } from '../peer/index.ts'
import type { CaseResult, Verdict } from '../result.ts'
import { CASE_LIMIT, type Case, Fence, type RunContext, Trial } from '../script/index.ts'
import { poll, Random, within } from '../wire/index.ts'
import { joinNotes, readThrown, resultOf, verdictOf } from './case-result.ts'
import { type Loss, LossLog } from './loss.ts'
import type { RunOptions } from './options.ts'
import { isBad } from './verdict.ts'

/** What an attempt at a case needs of the run. */
export interface AttemptOptions extends Pick<RunOptions, 'timeoutFactor' | 'keepWire' | 'repro' | 'onWire' | 'signal'> {
  context: RunContext
  /** Resolves to whether the target serves. */
  isServing(): Promise<boolean>
  /** Tries to restore the target, at once when it is known to hang. Resolves to false when it is lost. */
  revive(isHung?: boolean): Promise<boolean>
  /** Waits for a target that is busy. Resolves to false when it does not serve again. */
  recovers?(): Promise<boolean>
  /** When the process of the target has died, by `performance.now()`. */
  crashTimes?(): readonly number[]
  /** When the process of the target had to be ended because it served nothing. */
  hangTimes?(): readonly number[]
  /** Resolves to whether the port of the target accepts connections. */
  isAccepting?(): Promise<boolean>
  /** The last output of the process. */
  lastWords?(): string
}

/** The circumstances of an attempt: they can make a failure uncertain. Times are of `performance.now()`. */
export interface Circumstances {
  began: number
  ended: number
  /** The loss of the target that was noticed during the attempt, or null. */
  loss: Loss | null
  /** Whether a wait timed out. */
  timedOut: boolean
  /** Whether a wait timed out and nothing was received. The target may hang. */
  unheard: boolean
  /** Whether the target refused a connection. */
  refused: boolean
  /** Whether the target did not serve a new connection. */
  lost: boolean
  /** Whether a reset ended a write. A Close that was sent before it is lost, so that its absence proves nothing. */
  cutOff: boolean
  /** Whether the target has read each piece of a write separately. */
  proven: boolean
}

/** Milliseconds within which the exit of a process is reported after it has refused a connection. */
const EXIT_LIMIT = 1_000
/** Milliseconds for which a target that still serves is watched after a case that may end it. */
export const WATCH_TIME = 500
/** Milliseconds after the end of a case within which a loss of the target may be due to it. */
export const HELD_TIME = 2_000
/** How many lines of the output of a process a note contains. */
const LAST_LINES = 8

/** A target must not be kept from serving others (RFC 6455 §10.4). */
const HANG = { class: 'must', requirement: '6455-10.4-1' } as const

/** How one attempt at a case is made. */
export interface AttemptSettings {
  /** Whether no other case runs. */
  isAlone?: boolean
  /**
   * Returns until when the target is watched after an attempt that began and ended at these times. Its death or hang may
   * come later than its last reply.
   */
  watchUntil?(began: number, ended: number): number
  /** Multiplies the timeouts; default 1. */
  slowFactor?: number
}

/** What has become of the target after an attempt. */
type TargetState = 'serving' | 'hung' | 'dead'

/** Performs single attempts at cases, and detects whether the target survived them. */
export class CaseAttempts {
  readonly #options: AttemptOptions
  readonly #losses: LossLog

  constructor(options: AttemptOptions) {
    this.#options = options
    this.#losses = new LossLog(options)
  }

  /** The losses of the target. */
  get losses(): LossLog {
    return this.#losses
  }

  async run(
    testCase: Case,
    entry: CatalogueEntry,
    settings: AttemptSettings,
  ): Promise<{ result: CaseResult; circumstances: Circumstances; isLost: boolean }> {
    const { context, onWire, repro, keepWire, signal } = this.#options
    const { slowFactor = 1 } = settings
    const log = new WireLog(onWire && ((event) => onWire(testCase.id, event)))
    const ownContext = slowFactor === 1 ? context : { ...context, timeout: context.timeout * slowFactor }
    const trial = new Trial(entry, ownContext, new Random(context.seed, testCase.id), log)
    // A loss between two attempts is noticed by the second one.
    const known = this.#losses.noticed
    const began = performance.now()
    const onAbort = (): void => trial.close()
    signal?.addEventListener('abort', onAbort)
    const outcome = await this.#perform(testCase, trial, slowFactor)
    signal?.removeEventListener('abort', onAbort)
    const ended = performance.now()
    let verdict = outcome.verdict ?? verdictOf(trial)
    trial.close()
    const watched = settings.watchUntil && Math.max(0, settings.watchUntil(began, ended) - ended)
    const isDoubtful = settings.isAlone === true || isBad(verdict)
    const state = await this.#stateAfter(testCase, trial, { known, watched, isDoubtful })
    if (state === 'hung') {
      trial.assert(false, 'the target serves again', 'it accepts connections and serves none', HANG)
      verdict = verdictOf(trial)
    } else if (state === 'dead') verdict = 'crash'
    const death = state === 'dead' ? this.#describeLoss(known) : undefined
    const { loss, isLost } = await this.#recover(state, known)
    const { timedOut, refused, lost, peers } = trial
    const wasHeard = peers.some(({ received }) => received > 0)
    if (wasHeard) this.#losses.noteService(began)
    const note = joinNotes(outcome.note, death)
    const result = resultOf(trial, { verdict, duration: ended - began, note, repro: repro(entry.id), keepWire })
    const cutOff = peers.some(({ isCutOff }) => isCutOff)
    const unheard = timedOut && !wasHeard
    const proven = Fence.hasProven(trial)
    const circumstances = { began, ended, loss, timedOut, unheard, refused, lost, cutOff, proven }
    return { result, circumstances, isLost }
  }

  /** Watches a target until this time, and restores it when it is lost then. Resolves to false when that fails. */
  async watchUntil(time: number): Promise<boolean> {
    const known = this.#losses.noticed
    const isLost = await this.#isLostWithin(Math.max(0, time - performance.now()), known)
    return !(await this.#recover(isLost ? 'dead' : await this.#stateOf(known), known)).isLost
  }

  /** Restores a target that does not serve, and returns how it was lost. */
  async #recover(state: TargetState, known: number): Promise<{ loss: Loss | null; isLost: boolean }> {
    if (state === 'serving') return { loss: null, isLost: false }
    const noticed = performance.now()
    const isLost = !(await this.#options.revive(state === 'hung'))
    const loss = this.#losses.lastAfter(known) ?? this.#losses.add(state === 'dead' ? 'death' : 'hang', noticed)
    this.#losses.noteAllNoticed()
    return { loss, isLost }
  }

  /** Resolves to whether the target is lost within these milliseconds, or has been lost, after `known` earlier losses. */
  #isLostWithin(milliseconds: number, known: number): Promise<boolean> {
    return poll(async () => this.#losses.lastAfter(known) !== null, milliseconds)
  }

  /** Returns the state of the target after an attempt, which is watched for some milliseconds if that is asked for. */
  async #stateAfter(
    testCase: Case,
    trial: Trial,
    { known, watched, isDoubtful }: { known: number; watched: number | undefined; isDoubtful: boolean },
  ): Promise<TargetState> {
    if (watched !== undefined) await this.#isLostWithin(watched, known)
    if (await this.#hasDied(trial, known, isDoubtful)) return 'dead'
    const isAsked = trial.lost || testCase.phase === 'last' || watched !== undefined
    return isAsked ? this.#stateOf(known) : 'serving'
  }

  /**
   * Resolves to whether the target has died: its port then refuses connections. The exit of a process may be reported
   * later than that.
   */
  async #hasDied(trial: Trial, known: number, isDoubtful: boolean): Promise<boolean> {
    const { crashTimes, isAccepting } = this.#options
    const isDead = (): boolean => this.#losses.lastAfter(known) !== null
    // The death of a process ends its connections, without a Close.
    const isSuspicious = isDoubtful || trial.refused || trial.peers.some(hasEndedWithoutClose)
    if (isDead() || !isSuspicious || isAccepting === undefined || (await isAccepting())) return isDead()
    // Otherwise the exit would be counted during the next attempt.
    if (crashTimes !== undefined) await this.#isLostWithin(EXIT_LIMIT, known)
    return true
  }

  #describeLoss(known: number): string {
    if (this.#losses.lastAfter(known)?.kind === 'hang') return 'the target served nothing and was restarted'
    const words = this.#options.lastWords?.().trim().split('\n').slice(-LAST_LINES).join('\n')
    return `the target died${words ? `; its last output: ${words}` : ''}`
  }

  /** A busy target is waited for. Only a target that refuses connections is dead. */
  async #stateOf(known: number): Promise<TargetState> {
    const { isServing, isAccepting, recovers } = this.#options
    const since = performance.now()
    const isLost = (): boolean => this.#losses.lastAfter(known) !== null
    if (await isServing()) this.#losses.noteService(since)
    else if (!(await isAccepting?.())) return 'dead'
    else if (!(await recovers?.())) return isLost() ? 'dead' : 'hung'
    return isLost() ? 'dead' : 'serving'
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
