import type { CaseResult } from '../result.ts'
import type { Case, Phase } from '../script/index.ts'
import { Random } from '../wire/index.ts'
import type { AttemptSettings } from './case-attempt.ts'
import { failureOf, joinNotes } from './case-result.ts'
import { CaseRunner, type CaseRunnerOptions } from './case-runner.ts'
import { chargeUnexplained, type Death, deathsDuring, findCauses, HeldCases, judgeCandidate } from './death.ts'
import type { RunOptions } from './options.ts'
import { isBad } from './verdict.ts'

/** How a set of cases is run. */
export interface RunnerOptions extends CaseRunnerOptions, Pick<RunOptions, 'jobs' | 'bail' | 'shuffle'> {
  /** Called whenever a case ends. */
  onResult?(result: CaseResult): void
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
/** How many cases of each job are held, because a death that is noticed later may be due to them. */
const HELD_CASES = 4

/** Cases of one phase that share a limit. */
interface Crew {
  cases: readonly Case[]
  /** How many of the cases run at the same time. */
  jobs: number
}

/** Runs cases against one target, by phases, and returns their results in the order of `cases`. */
export class Runner {
  readonly #options: RunnerOptions
  readonly #caseRunner: CaseRunner
  readonly #held: HeldCases
  readonly #results = new Map<string, CaseResult>()
  readonly #failed = new Set<string>()
  #order: readonly Case[] = []

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#caseRunner = new CaseRunner(options)
    this.#held = new HeldCases(HELD_CASES * options.jobs, (testCase) => this.#caseRunner.circumstancesOf(testCase))
  }

  async run(cases: readonly Case[]): Promise<RunOutcome> {
    const { shuffle, context } = this.#options
    this.#order = shuffle ? new Random(context.seed, 'shuffle').shuffle(cases) : cases
    const inPhase = (phase: Phase): Case[] => this.#order.filter((testCase) => (testCase.phase ?? 'parallel') === phase)
    const jobs = Math.max(1, this.#options.jobs)
    const parallel: Crew = { cases: inPhase('parallel'), jobs }
    const idle: Crew = { cases: inPhase('idle'), jobs: IDLE_JOBS }
    if (jobs > 1) await this.#runTogether(parallel, idle)
    else {
      await this.#runTogether(parallel)
      await this.#runTogether(idle)
    }
    for (const phase of SINGLE_PHASES) await this.#runTogether({ cases: inPhase(phase), jobs: 1 })
    for (const testCase of this.#held.takeAll()) this.#report(this.#resultOf(testCase))
    return {
      results: cases.map((testCase) => this.#results.get(testCase.id) as CaseResult),
      lost: this.#caseRunner.lost,
    }
  }

  async #runTogether(...crews: readonly Crew[]): Promise<void> {
    const isAlone = crews.length === 1 && crews[0].jobs === 1
    const suspects = new Set<Case>()
    const repeatSuspects = async (): Promise<void> => {
      // The order of the cases and not that of their ends, which differs from run to run.
      const ordered = this.#order.filter((testCase) => suspects.has(testCase))
      suspects.clear()
      await this.#repeatSuspects(ordered)
    }
    const work = async (waiting: Case[]): Promise<void> => {
      for (let testCase = waiting.shift(); testCase !== undefined; testCase = waiting.shift()) {
        let result = await this.#caseRunner.attempt(testCase, { isAlone })
        const isSuspect = !isAlone && this.#isSuspect(testCase, result)
        if (!isSuspect && result.verdict !== 'crash') {
          result = await this.#caseRunner.settle(testCase, result)
          result = await this.#caseRunner.tellSlowFromSilent(testCase, result)
        }
        this.#results.set(testCase.id, result)
        if (isSuspect || result.verdict === 'crash') suspects.add(testCase)
        else this.#hold(testCase)
        for (const early of this.#takeCauses(testCase)) suspects.add(early)
        if (isAlone) await repeatSuspects()
      }
    }
    const crewWorks = ({ cases, jobs }: Crew): Promise<void>[] => {
      const waiting = [...cases]
      return Array.from({ length: Math.min(jobs, cases.length) }, () => work(waiting))
    }
    await Promise.all(crews.flatMap(crewWorks))
    await repeatSuspects()
  }

  /** Whether other cases may have caused the verdict: by their load, or by their connections. */
  #isSuspect(testCase: Case, result: CaseResult): boolean {
    if (isBad(result.verdict) || this.#caseRunner.isDoubtful(testCase, result)) return true
    return result.verdict === 'warn' && this.#caseRunner.circumstancesOf(testCase).refused
  }

  /** Holds a case with its result, and reports the results of those that are held no longer. */
  #hold(testCase: Case): void {
    this.#count(this.#resultOf(testCase))
    this.#held.hold(testCase)
    for (const safe of this.#held.takeSafe()) this.#report(this.#resultOf(safe))
  }

  /** Returns the cases that ended well and may be the cause of a death that was noticed during this one. */
  #takeCauses(testCase: Case): Case[] {
    const { diedAt } = this.#caseRunner.circumstancesOf(testCase)
    // Clients are processes of their own. Only a server outlives a case.
    if (diedAt === null || this.#options.isAccepting === undefined) return []
    return this.#held.takeCausesOf(diedAt)
  }

  /** Repeats cases that failed among others, and those that may be the cause of a death. */
  async #repeatSuspects(suspects: readonly Case[]): Promise<void> {
    const deaths = deathsDuring(suspects, (testCase) => this.#caseRunner.circumstancesOf(testCase))
    const isCandidate = (testCase: Case): boolean => deaths.some(({ candidates }) => candidates.includes(testCase))
    const doubtful = new Map<Case, CaseResult>()
    const take = (testCase: Case, result: CaseResult): void => {
      if (this.#caseRunner.isDoubtful(testCase, result)) doubtful.set(testCase, result)
      else this.#conclude(result)
    }
    await this.#repeatCandidates(suspects.filter(isCandidate), deaths, take)
    for (const testCase of suspects) if (!isCandidate(testCase)) take(testCase, await this.#repeatAlone(testCase))
    // Whether a case gets more time depends on the cases before it, which must be the same in each run.
    for (const testCase of suspects) {
      const result = doubtful.get(testCase)
      if (result !== undefined) this.#conclude(await this.#caseRunner.tellSlowFromSilent(testCase, result))
    }
  }

  /**
   * Repeats the candidates for deaths and gives their results to `take`. A death that none of them causes again is charged
   * to the last that noticed it.
   */
  async #repeatCandidates(
    candidates: readonly Case[],
    deaths: readonly Death[],
    take: (testCase: Case, result: CaseResult) => void,
  ): Promise<void> {
    const repeated = new Map<Case, CaseResult>()
    const repeat = async (testCase: Case, settings: AttemptSettings): Promise<boolean> => {
      // The death may have ended its connections. The repetition records the ends that are due to the case.
      this.#options.context.ledger.forget('inv.close-before-fin', testCase.id)
      const before = repeated.get(testCase) ?? this.#resultOf(testCase)
      const again = await this.#caseRunner.again(testCase, before, settings)
      if (again !== null) repeated.set(testCase, again)
      return again?.verdict === 'crash'
    }
    const hasNoticed = (testCase: Case): boolean => deaths.some(({ noticed }) => noticed.includes(testCase))
    const others = candidates.filter((testCase) => !hasNoticed(testCase))
    const causes = await findCauses([...candidates.filter(hasNoticed), ...others], repeat)
    const unexplained = deaths.filter((death) => !causes.some((cause) => death.candidates.includes(cause)))
    for (const testCase of candidates) {
      const first = this.#resultOf(testCase)
      const result = judgeCandidate(first, repeated.get(testCase) ?? null)
      const charge = unexplained.find(({ noticed }) => noticed.at(-1) === testCase)
      if (charge !== undefined) take(testCase, chargeUnexplained(first, result, charge.noticed))
      else take(testCase, result === first ? first : await this.#caseRunner.settle(testCase, result))
    }
  }

  /** Repeats a case that failed among others. The failure counts only when it recurs alone. */
  async #repeatAlone(testCase: Case): Promise<CaseResult> {
    const first = this.#resultOf(testCase)
    const { refused, timedOut } = this.#caseRunner.circumstancesOf(testCase)
    const again = await this.#caseRunner.again(testCase, first)
    if (again === null) return first
    if (!isBad(again.verdict)) {
      if (refused || timedOut) {
        const note = 'timed out only in parallel with other cases'
        if (!this.#caseRunner.isDoubtful(testCase, again)) again.note = joinNotes(note, again.note)
      } else {
        if (again.verdict !== 'skip') again.verdict = 'flaky'
        again.note = joinNotes(`only in parallel: ${failureOf(first)}`, again.note)
      }
    }
    return this.#caseRunner.settle(testCase, again)
  }

  #resultOf({ id }: Case): CaseResult {
    return this.#results.get(id) as CaseResult
  }

  #conclude(result: CaseResult): void {
    this.#results.set(result.id, result)
    this.#count(result)
    this.#report(result)
  }

  #count({ id, verdict }: CaseResult): void {
    if (isBad(verdict)) this.#failed.add(id)
    if (this.#options.bail !== undefined && this.#failed.size >= this.#options.bail) this.#caseRunner.stop('bail')
  }

  #report(result: CaseResult): void {
    this.#options.onResult?.(result)
  }
}
