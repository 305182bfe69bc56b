import type { CaseResult } from '../result.ts'
import type { Case } from '../script/index.ts'
import { type Circumstances, HELD_TIME, WATCH_TIME } from './case-attempt.ts'
import { joinNotes } from './case-result.ts'
import type { Loss } from './loss.ts'
import { isBad } from './verdict.ts'

/** Cases that have ended and whose results are not reported yet, because a loss of the target may turn out to be due to them. */
export class HeldCases {
  readonly #circumstancesOf: (testCase: Case) => Circumstances
  #cases: Case[] = []

  constructor(circumstancesOf: (testCase: Case) => Circumstances) {
    this.#circumstancesOf = circumstancesOf
  }

  hold(testCase: Case): void {
    this.#cases.push(testCase)
  }

  get all(): readonly Case[] {
    return this.#cases
  }

  /** Until when the target is watched after the last of the cases. */
  get watchedUntil(): number {
    return Math.max(0, ...this.#cases.map((testCase) => this.#circumstancesOf(testCase).ended)) + WATCH_TIME
  }

  /** Removes and returns the cases that may be the cause of this loss. */
  takeCausesOf(loss: Loss): Case[] {
    return this.#take((testCase) => isNear(this.#circumstancesOf(testCase), loss))
  }

  /** Removes and returns the cases that ended so long before this time, at which the target served, that they are safe. */
  takeSafe(lastServed: number): Case[] {
    return this.#take((testCase) => this.#circumstancesOf(testCase).ended + HELD_TIME < lastServed)
  }

  takeAll(): Case[] {
    return this.#take(() => true)
  }

  #take(isTaken: (testCase: Case) => boolean): Case[] {
    const taken = new Set(this.#cases.filter(isTaken))
    if (taken.size > 0) this.#cases = this.#cases.filter((testCase) => !taken.has(testCase))
    return [...taken]
  }
}

/** A loss of the target during a run, with the cases that it concerns. */
export interface Incident {
  loss: Loss
  /** The cases that were not served because of it. */
  noticed: readonly Case[]
  /** The cases that may be its cause, with those that noticed it. */
  candidates: readonly Case[]
}

/** Returns the incidents of these losses, with those of the cases that they concern. */
export function incidentsOf(
  losses: readonly Loss[],
  cases: readonly Case[],
  circumstancesOf: (testCase: Case) => Circumstances,
): Incident[] {
  return losses.map((loss) => ({
    loss,
    noticed: cases.filter((testCase) => circumstancesOf(testCase).loss === loss),
    candidates: cases.filter((testCase) => isNear(circumstancesOf(testCase), loss)),
  }))
}

/** Returns whether the target was lost during the attempt, or so shortly after it that the attempt may be the cause. */
function isNear({ began, ended, loss: noticed }: Circumstances, loss: Loss): boolean {
  return noticed === loss || (began < loss.time && loss.after < ended + HELD_TIME)
}

/**
 * Returns the result of a candidate for a loss from its first attempt, and from the last one without other cases. A
 * result that was final before the loss remains, unless the case is the cause.
 */
export function judgeCandidate(
  first: CaseResult,
  again: CaseResult | null,
  { isCause, isFinal, incidents }: { isCause: boolean; isFinal: boolean; incidents: readonly Incident[] },
): CaseResult {
  if (again === null || (!isCause && (isFinal || first.verdict === 'pass'))) return first
  const isDeath = incidents.some(({ loss }) => loss.kind === 'death')
  const note = `ran while the target ${isDeath ? 'crashed' : 'served nothing'}`
  if (isBad(first.verdict) && !isBad(again.verdict)) again.note = joinNotes(note, again.note)
  return again
}

/**
 * Returns whether a case stands for an incident without a known cause: the last one that noticed it, and each that
 * noticed it and could not be repeated. A single candidate is the cause.
 */
export function isLeftUnexplained(testCase: Case, again: CaseResult | null, incident: Incident): boolean {
  const { noticed, candidates } = incident
  if (again === null) return candidates.length > 1 && noticed.includes(testCase)
  return (noticed.at(-1) ?? candidates.at(-1)) === testCase
}

/**
 * Records a loss whose cause is unknown with a case, so that it is not discarded. No rule is known to be broken by what
 * the target did in this case, so that it has no verdict instead of a failure.
 */
export function leaveUnexplained(
  { first, again, result }: { first: CaseResult; again: CaseResult | null; result: CaseResult },
  incident: Incident,
): CaseResult {
  const { loss, noticed, candidates } = incident
  const what = loss.kind === 'death' ? 'the target died' : 'the target served nothing and was restarted'
  const names = (noticed.length > 0 ? noticed : candidates).map(({ id }) => id)
  const shown = names.slice(0, SHOWN_NAMES).join(', ') + (names.length > SHOWN_NAMES ? ', …' : '')
  const when = noticed.length > 0 ? `while these cases ran: ${shown}` : `shortly after these cases: ${shown}`
  const search =
    again === null
      ? 'the run ended before the cause was searched'
      : `none of the ${candidates.length} cases at that time repeats that alone`
  const verdict = result.verdict === 'fail' ? 'fail' : 'error'
  return { ...result, verdict, note: joinNotes(`${what} ${when}; ${search}; the cause is unknown`, first.note) }
}

/** How many cases a note about an unknown cause names. */
const SHOWN_NAMES = 8
