import type { CaseResult } from '../result.ts'
import type { Case, Phase } from '../script/index.ts'
import { Random } from '../wire/index.ts'
import { failureOf, joinNotes } from './case-result.ts'
import { CaseRunner, type CaseRunnerOptions } from './case-runner.ts'
import { dueAfterLosses, Repetitions } from './cause-search.ts'
import { HeldCases, type Incident, incidentsOf, isLeftUnexplained, judgeCandidate, leaveUnexplained } from './death.ts'
import type { Loss } from './loss.ts'
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

/** Cases of one phase that share a limit. */
interface Crew {
  cases: readonly Case[]
  /** How many of the cases run at the same time. */
  jobs: number
}

/** Cases of a crew that have not begun. */
interface Queue {
  waiting: Case[]
  jobs: number
}

/** Runs cases against one target, by phases, and returns their results in the order of `cases`. */
export class Runner {
  readonly #options: RunnerOptions
  readonly #caseRunner: CaseRunner
  readonly #held: HeldCases
  readonly #results = new Map<string, CaseResult>()
  readonly #failed = new Set<string>()
  /** Cases whose results are final, unless they turn out to be the cause of a loss. */
  readonly #concluded = new Set<Case>()
  /** Losses of the target whose causes are not searched yet. */
  #losses: Loss[] = []
  /** How many losses were read from the log. */
  #read = 0
  /** Whether no further case begins for now, because the target seems to hang. */
  #isPaused = false
  #order: readonly Case[] = []

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#caseRunner = new CaseRunner(options)
    this.#held = new HeldCases((testCase) => this.#caseRunner.circumstancesOf(testCase))
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
    await this.#watchLast()
    for (const testCase of this.#held.takeAll()) this.#report(testCase)
    return {
      results: cases.map((testCase) => this.#results.get(testCase.id) as CaseResult),
      lost: this.#caseRunner.lost,
    }
  }

  async #runTogether(...crews: readonly Crew[]): Promise<void> {
    const isAlone = crews.length === 1 && crews[0].jobs === 1
    const suspects = new Set<Case>()
    const queues = crews.map(({ cases, jobs }): Queue => ({ waiting: [...cases], jobs }))
    const work = async (waiting: Case[]): Promise<void> => {
      while (!this.#isPaused) {
        const testCase = waiting.shift()
        if (testCase === undefined) return
        const isSuspect = await this.#runCase(testCase, isAlone)
        if (isSuspect) suspects.add(testCase)
        this.#collect(suspects)
        if (!isSuspect) this.#hold(testCase)
        if (isAlone) await this.#repeatSuspects(suspects)
        else if (await this.#caseRunner.seemsHung(testCase)) this.#isPaused = true
      }
    }
    const workOn = ({ waiting, jobs }: Queue): Promise<void>[] =>
      Array.from({ length: Math.min(jobs, waiting.length) }, () => work(waiting))
    do {
      if (this.#isPaused) await this.#endPause()
      await Promise.all(queues.flatMap(workOn))
    } while (queues.some(({ waiting }) => waiting.length > 0))
    this.#isPaused = false
    await this.#repeatSuspects(suspects)
  }

  /** Runs a case for the first time. Resolves to whether it has to be repeated without others. */
  async #runCase(testCase: Case, isAlone: boolean): Promise<boolean> {
    let result = await this.#caseRunner.attempt(testCase, { isAlone })
    let isSuspect = !isAlone && this.#isSuspect(testCase, result)
    if (!isSuspect && !this.#hasNoticed(testCase)) {
      result = await this.#caseRunner.settle(testCase, result)
      result = await this.#caseRunner.tellSlowFromSilent(testCase, result)
    }
    isSuspect ||= this.#hasNoticed(testCase)
    this.#results.set(testCase.id, result)
    return isSuspect
  }

  /** While no case runs, a target that still does not serve is restarted. What it has lost is judged later. */
  async #endPause(): Promise<void> {
    await this.#caseRunner.ensureServing()
    this.#caseRunner.losses.noteAllNoticed()
    this.#isPaused = false
  }

  /** Whether a case noticed a loss of the target. */
  #hasNoticed(testCase: Case): boolean {
    return this.#caseRunner.circumstancesOf(testCase).loss !== null
  }

  /** Whether the target outlives a case. Clients are processes of their own. */
  get #isServer(): boolean {
    return this.#options.isAccepting !== undefined
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
    const { lastServed } = this.#caseRunner.losses
    for (const safe of this.#isServer ? this.#held.takeSafe(lastServed) : this.#held.takeAll()) this.#report(safe)
  }

  /** Notes new losses, and adds the held cases that may be their causes to the suspects. */
  #collect(suspects: Set<Case>): void {
    const { all } = this.#caseRunner.losses
    this.#losses.push(...all.slice(this.#read))
    this.#read = all.length
    if (!this.#isServer) return
    for (const loss of this.#losses) for (const cause of this.#held.takeCausesOf(loss)) suspects.add(cause)
  }

  /** Watches the target after the last case as long as after each other. */
  async #watchLast(): Promise<void> {
    if (!this.#isServer || this.#held.all.length === 0) return
    await this.#caseRunner.watchUntil(this.#held.watchedUntil)
    const suspects = new Set<Case>()
    this.#collect(suspects)
    await this.#repeatSuspects(suspects)
  }

  /** Repeats suspects until none of the repetitions notices a further loss. */
  async #repeatSuspects(suspects: Set<Case>): Promise<void> {
    while (suspects.size > 0) {
      this.#collect(suspects)
      await this.#awaitRemains(suspects)
      // The order of the cases and not that of their ends, which differs from run to run.
      const ordered = this.#order.filter((testCase) => suspects.has(testCase))
      suspects.clear()
      await this.#repeatOnce(ordered, suspects)
    }
  }

  /** Waits for a loss that is still due to cases that have ended. A repetition would be taken for its cause. */
  async #awaitRemains(suspects: Set<Case>): Promise<void> {
    if (!this.#isServer || this.#losses.length === 0) return
    const circumstances = [...suspects, ...this.#held.all].map((testCase) => this.#caseRunner.circumstancesOf(testCase))
    const due = dueAfterLosses(circumstances, this.#losses)
    if (due < performance.now()) return
    await this.#caseRunner.watchUntil(due)
    this.#collect(suspects)
  }

  /** Repeats cases that failed among others, and those that may be the cause of a loss. Adds those that notice a loss. */
  async #repeatOnce(suspects: readonly Case[], again: Set<Case>): Promise<void> {
    const incidents = incidentsOf(this.#losses, suspects, (testCase) => this.#caseRunner.circumstancesOf(testCase))
    this.#losses = []
    const isCandidate = (testCase: Case): boolean => incidents.some(({ candidates }) => candidates.includes(testCase))
    const doubtful: Case[] = []
    const take = (testCase: Case, result: CaseResult): void => {
      this.#results.set(testCase.id, result)
      this.#collect(again)
      if (this.#hasNoticedNew(testCase)) again.add(testCase)
      else if (!doubtful.includes(testCase) && this.#caseRunner.isDoubtful(testCase, result)) doubtful.push(testCase)
      else this.#conclude(testCase)
    }
    await this.#repeatCandidates(suspects.filter(isCandidate), incidents, take)
    for (const testCase of suspects) if (!isCandidate(testCase)) take(testCase, await this.#repeatAlone(testCase))
    // Whether a case gets more time depends on the cases before it, which must be the same in each run.
    for (const testCase of suspects) {
      if (doubtful.includes(testCase))
        take(testCase, await this.#caseRunner.tellSlowFromSilent(testCase, this.#resultOf(testCase)))
    }
  }

  /** Whether a case noticed a loss whose cause is not searched yet. */
  #hasNoticedNew(testCase: Case): boolean {
    return this.#losses.some((loss) => loss === this.#caseRunner.circumstancesOf(testCase).loss)
  }

  /**
   * Repeats the candidates for losses and gives their results to `take`. A loss that none of them causes again remains
   * without an explanation.
   */
  async #repeatCandidates(
    candidates: readonly Case[],
    incidents: readonly Incident[],
    take: (testCase: Case, result: CaseResult) => void,
  ): Promise<void> {
    const { context } = this.#options
    const repetitions = new Repetitions(this.#caseRunner, context, incidents, (testCase) => this.#resultOf(testCase))
    const hasNoticed = (testCase: Case): boolean => incidents.some(({ noticed }) => noticed.includes(testCase))
    const others = candidates.filter((testCase) => !hasNoticed(testCase))
    const causes = await repetitions.findCauses([...candidates.filter(hasNoticed), ...others])
    this.#ignoreLosses()
    const unexplained = incidents.filter((incident) => !causes.some((cause) => incident.candidates.includes(cause)))
    for (const testCase of candidates) {
      const first = this.#resultOf(testCase)
      const again = repetitions.results.get(testCase) ?? null
      const isCause = causes.includes(testCase)
      const isFinal = this.#concluded.has(testCase)
      let result = judgeCandidate(first, again, { isCause, isFinal, incidents })
      const incident = unexplained.find((one) => isLeftUnexplained(testCase, again, one))
      if (incident !== undefined) result = leaveUnexplained({ first, again, result }, incident)
      else if (result !== first) result = await this.#caseRunner.settle(testCase, result)
      if (isCause) this.#ignoreLosses()
      take(testCase, result)
    }
  }

  /** Disregards losses that are due to known causes. */
  #ignoreLosses(): void {
    this.#read = this.#caseRunner.losses.all.length
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

  #conclude(testCase: Case): void {
    this.#concluded.add(testCase)
    this.#hold(testCase)
  }

  #count({ id, verdict }: CaseResult): void {
    if (isBad(verdict)) this.#failed.add(id)
    if (this.#options.bail !== undefined && this.#failed.size >= this.#options.bail) this.#caseRunner.stop('bail')
  }

  #report(testCase: Case): void {
    this.#options.onResult?.(this.#resultOf(testCase))
  }
}
