import type { CaseResult } from '../result.ts'
import type { Case } from '../script/index.ts'
import type { Circumstances } from './case-attempt.ts'
import { joinNotes } from './case-result.ts'
import { isBad } from './verdict.ts'

/** Milliseconds within which the exit of a process is reported after its cause, also on a busy machine. */
const DEATH_LIMIT = 5_000

/** A result that is not reported yet, because its case may be the cause of a death that is noticed later. */
export interface HeldResult {
  testCase: Case
  result: CaseResult
  circumstances: Circumstances
}

/** Results of cases that ended well, until a death of the target can no longer be due to them. */
export class HeldResults {
  readonly #limit: number
  #results: HeldResult[] = []

  /** @param limit how many results are held at most. */
  constructor(limit: number) {
    this.#limit = limit
  }

  hold(held: HeldResult): void {
    this.#results.push(held)
  }

  /** Removes and returns the results of the cases that may be the cause of a death at this time. */
  takeCausesOf(death: number): HeldResult[] {
    return this.#take(({ circumstances }) => isNear(circumstances, death))
  }

  /** Removes and returns the results that are older than the time for a death, or are too many. */
  takeSafe(): HeldResult[] {
    const now = performance.now()
    const excess = this.#results.length - this.#limit
    return this.#take(({ circumstances: { ended } }, index) => index < excess || ended + DEATH_LIMIT < now)
  }

  takeAll(): HeldResult[] {
    return this.#take(() => true)
  }

  #take(isTaken: (held: HeldResult, index: number) => boolean): HeldResult[] {
    const taken = this.#results.filter(isTaken)
    this.#results = this.#results.filter((held) => !taken.includes(held))
    return taken
  }
}

/** Returns whether the target died during the attempt, or so shortly after it that the attempt may be the cause. */
export function isNear({ began, ended, diedAt }: Circumstances, death: number): boolean {
  return diedAt === death || (began < death && death < ended + DEATH_LIMIT)
}

/** Returns the result of a candidate for a death from its first attempt, and from the one without other cases. */
export function judgeCandidate(first: CaseResult, again: CaseResult | null): CaseResult {
  if (again === null || (first.verdict === 'pass' && again.verdict !== 'crash')) return first
  if (isBad(first.verdict) && !isBad(again.verdict)) again.note = joinNotes('ran while the target crashed', again.note)
  return again
}

/** Attributes a death that no candidate repeats alone to the last of them, so that it is not discarded. */
export function chargeUnexplained(first: CaseResult, result: CaseResult, candidates: readonly Case[]): CaseResult {
  const names = candidates.map(({ id }) => id).join(', ')
  const note = `the target crashed while these cases ran, and none of them repeats that alone: ${names}; the cause is unknown`
  return { ...result, verdict: 'crash', note: joinNotes(note, first.note) }
}
