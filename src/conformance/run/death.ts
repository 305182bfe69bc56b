import type { CaseResult } from '../result.ts'
import type { Case } from '../script/index.ts'
import { type AttemptSettings, type Circumstances, DEATH_LIMIT } from './case-attempt.ts'
import { joinNotes } from './case-result.ts'
import { isBad } from './verdict.ts'

/** Cases that ended well and whose results are not reported yet, because a death may turn out to be due to them. */
export class HeldCases {
  readonly #limit: number
  readonly #circumstancesOf: (testCase: Case) => Circumstances
  #cases: Case[] = []

  /** @param limit how many cases are held at most. */
  constructor(limit: number, circumstancesOf: (testCase: Case) => Circumstances) {
    this.#limit = limit
    this.#circumstancesOf = circumstancesOf
  }

  hold(testCase: Case): void {
    this.#cases.push(testCase)
  }

  /** Removes and returns the cases that may be the cause of a death at this time. */
  takeCausesOf(death: number): Case[] {
    return this.#take((testCase) => isNear(this.#circumstancesOf(testCase), death))
  }

  /** Removes and returns the cases that ended longer ago than a death may take, or are too many. */
  takeSafe(): Case[] {
    const earliest = performance.now() - DEATH_LIMIT
    const excess = this.#cases.length - this.#limit
    return this.#take((testCase, index) => index < excess || this.#circumstancesOf(testCase).ended < earliest)
  }

  takeAll(): Case[] {
    return this.#take(() => true)
  }

  #take(isTaken: (testCase: Case, index: number) => boolean): Case[] {
    const taken = this.#cases.filter(isTaken)
    this.#cases = this.#cases.filter((testCase) => !taken.includes(testCase))
    return taken
  }
}

/** A death of the target during a run. */
export interface Death {
  /** The cases that were not served because of it. */
  noticed: readonly Case[]
  /** The cases that may be its cause, with those that noticed it. */
  candidates: readonly Case[]
}

/** Returns the deaths that these cases noticed. */
export function deathsDuring(cases: readonly Case[], circumstancesOf: (testCase: Case) => Circumstances): Death[] {
  const times = new Set(cases.map((testCase) => circumstancesOf(testCase).diedAt).filter((time) => time !== null))
  return [...times].map((time) => ({
    noticed: cases.filter((testCase) => circumstancesOf(testCase).diedAt === time),
    candidates: cases.filter((testCase) => isNear(circumstancesOf(testCase), time)),
  }))
}

/** Returns whether the target died during the attempt, or so shortly after it that the attempt may be the cause. */
function isNear({ began, ended, diedAt }: Circumstances, death: number): boolean {
  return diedAt === death || (began < death && death < ended + DEATH_LIMIT)
}

/** Attempts a case once more. Resolves to whether the target died during the attempt. */
type Repeat = (testCase: Case, settings: AttemptSettings) => Promise<boolean>

/**
 * Repeats the candidates for a death, and resolves to those that cause one alone. Only the last of a row of cases is
 * watched, because each wait for a death takes long. When the target dies during the row, the case at its end is
 * repeated by itself, then the cases before it as a row: the cause is the case at the end or ended shortly before.
 */
export async function findCauses(candidates: readonly Case[], repeat: Repeat): Promise<Case[]> {
  const causes: Case[] = []
  const waiting = [...candidates]
  while (waiting.length > 0) {
    const row = await repeatUntilDeath(waiting, repeat)
    if (row === null) break
    if (row.length === 1) causes.push(row[0])
    else {
      causes.push(...(await findCauses(row.slice(-1), repeat)))
      causes.push(...(await findCauses(row.slice(0, -1), repeat)))
    }
    waiting.splice(0, row.length)
  }
  return causes
}

/** Repeats cases until the target dies. Resolves to those that were repeated then, or to null when it survives. */
async function repeatUntilDeath(cases: readonly Case[], repeat: Repeat): Promise<readonly Case[] | null> {
  for (const [index, testCase] of cases.entries()) {
    const isWatched = index === cases.length - 1
    if (await repeat(testCase, { isWatched })) return cases.slice(0, index + 1)
  }
  return null
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
