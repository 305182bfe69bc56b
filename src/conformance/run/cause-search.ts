import type { CaseResult } from '../result.ts'
import type { Case, RunContext } from '../script/index.ts'
import { type Circumstances, HELD_TIME, WATCH_TIME } from './case-attempt.ts'
import type { CaseRunner } from './case-runner.ts'
import type { Incident } from './death.ts'
import type { Loss } from './loss.ts'

/** Attempts a case once more. Resolves to whether the target was lost during the attempt, or while it was watched. */
type Repeat = (testCase: Case, isWatched: boolean) => Promise<boolean>

/** Sorts the cases of a row at whose end the target was lost, so that the most probable cause is the last. */
type Rank = (row: readonly Case[]) => readonly Case[]

/**
 * Repeats the candidates for a loss, and resolves to those that cause one alone. Only the last of a row of cases is
 * watched, because each wait for a loss takes long.
 */
export function findCauses(candidates: readonly Case[], repeat: Repeat, rank: Rank = (row) => row): Promise<Case[]> {
  return new CauseSearch(repeat, rank).search(candidates)
}

class CauseSearch {
  readonly #repeat: Repeat
  readonly #rank: Rank
  /** Whether the target is new, so that no earlier case can end it. */
  #isNew = true

  constructor(repeat: Repeat, rank: Rank) {
    this.#repeat = repeat
    this.#rank = rank
  }

  /** Searches candidates, of which one is known to be a cause if `isKnown`. */
  async search(candidates: readonly Case[], isKnown = false): Promise<Case[]> {
    const causes: Case[] = []
    const waiting = [...candidates]
    while (waiting.length > 0) {
      const wasNew = this.#isNew
      const row = await this.#repeatUntilLoss(waiting)
      if (row === null) break
      if (row.length > 1)
        causes.push(...(await this.#searchBack(this.#rank(row), isKnown ? Math.ceil(row.length / 2) : 1)))
      // The loss may be that of an earlier row, later than was waited for.
      else if (wasNew || (await this.#repeatOnce(row[0], true))) causes.push(row[0])
      waiting.splice(0, row.length)
    }
    return causes
  }

  /**
   * Finds the causes among ranked cases: repeats them in groups of increasing size until there is one, then the rest. A
   * group with a cause is halved.
   */
  async #searchBack(ranked: readonly Case[], firstSize: number): Promise<Case[]> {
    const causes: Case[] = []
    let rest = ranked
    for (let size = firstSize; rest.length > 0; size *= 2) {
      const group = causes.length === 0 ? rest.slice(-size) : rest
      rest = rest.slice(0, rest.length - group.length)
      causes.push(...(await this.search(group, true)))
    }
    return causes
  }

  /** Repeats cases until the target is lost. Resolves to those that were repeated then, or to null when it survives. */
  async #repeatUntilLoss(cases: readonly Case[]): Promise<readonly Case[] | null> {
    for (const [index, testCase] of cases.entries()) {
      if (await this.#repeatOnce(testCase, index === cases.length - 1)) return cases.slice(0, index + 1)
    }
    return null
  }

  async #repeatOnce(testCase: Case, isWatched: boolean): Promise<boolean> {
    this.#isNew = await this.#repeat(testCase, isWatched)
    return this.#isNew
  }
}

/** Milliseconds between the cause of a loss and the loss: the least and the most that are possible. */
type Latency = readonly [least: number, most: number]

function latencyBetween({ began, ended }: Circumstances, { after, time }: Loss): Latency {
  return [Math.max(0, after - ended), Math.max(0, time - began)]
}

/** Returns how far apart two latencies are. */
function gapBetween([least, most]: Latency, [otherLeast, otherMost]: Latency): number {
  return Math.max(0, least - otherMost, otherLeast - most)
}

/**
 * Returns until when a case may still lose the target, if it does so at most that many milliseconds after its beginning.
 * A busy machine may delay a loss.
 */
export function dueAfter(latency: number, { began, ended }: Pick<Circumstances, 'began' | 'ended'>): number {
  return Math.max(ended, Math.min(began + latency, ended + HELD_TIME)) + WATCH_TIME
}

/**
 * Returns until when a further loss may be due to cases that ran after the last of these losses. What ran before it ended
 * with the target.
 */
export function dueAfterLosses(cases: readonly Circumstances[], losses: readonly Loss[]): number {
  const last = Math.max(...losses.map(({ time }) => time))
  const latencies = cases.flatMap((one) => losses.map((loss) => latencyBetween(one, loss)[1]))
  const remaining = cases.filter(({ began, ended, loss }) => ended > last && (loss === null || loss.time < began))
  return Math.max(0, ...remaining.map((one) => dueAfter(Math.max(...latencies), one)))
}

/** How many milliseconds two latencies of the same cause may differ on a busy machine. */
const JITTER = 200

/** Repeats the candidates for losses. */
export class Repetitions {
  /** The result of the last repetition of each case. */
  readonly results = new Map<Case, CaseResult>()
  readonly #caseRunner: CaseRunner
  readonly #context: RunContext
  readonly #resultOf: (testCase: Case) => CaseResult
  /** For each candidate, how long after it the losses came at first. */
  readonly #latencies: ReadonlyMap<Case, Latency[]>
  /** The longest latency that is possible. */
  #longest: number
  /** Whether a repeated loss has shown which latencies are possible. */
  #isMeasured = false
  /** Until when the target may be lost due to a case since the last wait. */
  #due = 0

  constructor(
    caseRunner: CaseRunner,
    context: RunContext,
    incidents: readonly Incident[],
    resultOf: (testCase: Case) => CaseResult,
  ) {
    this.#caseRunner = caseRunner
    this.#context = context
    this.#resultOf = resultOf
    const latencies = new Map<Case, Latency[]>()
    for (const { loss, candidates } of incidents) {
      for (const testCase of candidates) {
        const latency = latencyBetween(caseRunner.circumstancesOf(testCase), loss)
        latencies.set(testCase, [...(latencies.get(testCase) ?? []), latency])
      }
    }
    this.#latencies = latencies
    this.#longest = Math.max(0, ...[...latencies.values()].flat().map(([, most]) => most))
  }

  /** Resolves to the cases that cause a loss again. */
  findCauses(candidates: readonly Case[]): Promise<Case[]> {
    return findCauses(
      candidates,
      (testCase, isWatched) => this.#repeat(testCase, isWatched),
      (row) => this.#rank(row),
    )
  }

  async #repeat(testCase: Case, isWatched: boolean): Promise<boolean> {
    // Also a case that did not cause the first loss may cause one, with the same latency.
    const dueAt = (began: number, ended: number): number =>
      Math.max(this.#due, dueAfter(this.#longest, { began, ended }))
    // The loss may have ended its connections. The repetition records the ends that are due to the case.
    this.#context.ledger.forget('inv.close-before-fin', testCase.id)
    const before = this.results.get(testCase) ?? this.#resultOf(testCase)
    const again = await this.#caseRunner.again(testCase, before, { watchUntil: isWatched ? dueAt : undefined })
    if (again === null) return false
    this.results.set(testCase, again)
    const { began, ended, loss } = this.#caseRunner.circumstancesOf(testCase)
    this.#due = isWatched || loss !== null ? 0 : dueAt(began, ended)
    return loss !== null
  }

  /** A case that causes a loss takes the same time for that again. */
  #rank(row: readonly Case[]): readonly Case[] {
    const loss = this.#caseRunner.losses.all.at(-1)
    if (loss === undefined) return row
    const ranked = row.map((testCase) => {
      const latency = latencyBetween(this.#caseRunner.circumstancesOf(testCase), loss)
      const gaps = (this.#latencies.get(testCase) ?? []).map((first) => gapBetween(first, latency))
      return { testCase, gap: Math.min(...gaps), most: latency[1] }
    })
    ranked.sort((a, b) => b.gap - a.gap)
    const possible = ranked.filter(({ gap }) => gap <= JITTER).map(({ most }) => most)
    this.#longest = Math.max(...(this.#isMeasured || possible.length === 0 ? [this.#longest] : []), ...possible)
    this.#isMeasured ||= possible.length > 0
    return ranked.map(({ testCase }) => testCase)
  }
}
