import { type Agent, type Arrival, CaseReception, type DriverEvent, keyOf } from '../../client/index.ts'
import type { CaseResult } from '../../result.ts'
import { skipped } from '../case-result.ts'
import { Runner } from '../runner.ts'
import { type ClientOutcome, type ClientRunOptions, createContext, headOf, receive, resultOf } from './client-run.ts'
import type { Plan, PlannedCase } from './plan.ts'
import { answerAndClose } from './service.ts'

/** One case with a client that connects on its own. */
interface Running {
  reception: CaseReception
  /** The numbers of the connections that arrived. */
  seen: Set<number>
  ended: Promise<void>
  isOver: boolean
}

/** A client whose driver opens one connection after the other, by number. */
export class DrivenAgent {
  readonly agent: Agent
  /** Resolves when all cases of the client have ended, or when `finish` was called. */
  readonly done: Promise<void>
  readonly #options: ClientRunOptions
  readonly #plan: Plan
  readonly #results = new Map<string, CaseResult>()
  readonly #running = new Map<string, Running>()
  readonly #began = performance.now()
  readonly #started = new Date().toISOString()
  #setGone: (why: string) => void = () => {}
  #setDone: () => void = () => {}
  #failures = 0

  constructor(name: string, base: string, plan: Plan, options: ClientRunOptions) {
    this.#options = options
    this.#plan = plan
    const gone = new Promise<string>((resolve) => {
      this.#setGone = resolve
    })
    this.done = new Promise<void>((resolve) => {
      this.#setDone = resolve
    })
    const context = createContext(options, base)
    this.agent = { name, context, launcher: null, base, keys: new Map(), reportsEvents: false, command: null, gone }
    options.onStart?.(headOf(options, context, name, this.#started))
  }

  /** Called when the connection with this number arrives. */
  arrive(arrival: Arrival, planned: PlannedCase, number: number): void {
    const { id } = planned.entry
    if (this.#hasEnough()) return void answerAndClose(arrival)
    const before = this.#running.get(id)
    // Further connections of a finished case are closed, and so are requests that the client repeats on its own.
    // Another request with a known number starts the case again.
    const isRepetition = this.agent.keys.get(keyOf(arrival.request)) === id
    if (before?.isOver && (isRepetition || !before.seen.has(number))) {
      before.seen.add(number)
      return void answerAndClose(arrival)
    }
    const running = before === undefined || before.isOver ? this.#begin(planned) : before
    running.seen.add(number)
    running.reception.push(arrival)
  }

  /** Called when the driver reports an event of a connection. */
  onEvent(number: number, event: DriverEvent): void {
    this.agent.reportsEvents = true
    const id = this.#plan.at(number)?.entry.id
    if (id !== undefined) this.#running.get(id)?.reception.addEvent(number, event)
  }

  /** Whether a case has started and has not ended. */
  get isRunning(): boolean {
    return [...this.#running.values()].some(({ isOver }) => !isOver)
  }

  /** Returns the result of a case, if there is one. */
  resultOf(id: string): CaseResult | undefined {
    return this.#results.get(id)
  }

  /** Returns the outcome so far. */
  describe(why = NOT_ASKED): ClientOutcome {
    const missing = this.#hasEnough() ? 'bail' : why
    const cases = this.#options.entries.map((entry) => {
      const result = this.#results.get(entry.id)
      if (result !== undefined) return result
      const needsStart = this.#plan.named(entry.id)?.count === 0
      return skipped(entry, needsStart ? 'needs --exec CMD with {url}' : missing, this.#options.repro(entry.id))
    })
    const { context, name } = this.agent
    const head = headOf(this.#options, context, name, this.#started)
    const result = resultOf(head, context, cases, performance.now() - this.#began)
    return { result, lost: result.cases.some(({ note }) => note === LOST) }
  }

  /** Ends the cases that wait for a connection, because no more will arrive. */
  async finish(): Promise<void> {
    this.#setGone('finished')
    await Promise.all([...this.#running.values()].map(({ ended }) => ended))
    this.#setDone()
  }

  #hasEnough(): boolean {
    return this.#failures >= (this.#options.bail ?? Number.POSITIVE_INFINITY)
  }

  #begin(planned: PlannedCase): Running {
    const reception = new CaseReception(this.agent, planned.first, planned.count)
    const running: Running = { reception, seen: new Set(), ended: Promise.resolve(), isOver: false }
    this.#running.set(planned.entry.id, running)
    running.ended = this.#perform(planned, reception).then(() => {
      running.isOver = true
      const isAll = this.#plan.cases.every(({ entry, count }) => count === 0 || this.#results.has(entry.id))
      if (isAll) this.#setDone()
    })
    return running
  }

  async #perform(planned: PlannedCase, reception: CaseReception): Promise<void> {
    const yes = async (): Promise<boolean> => true
    const runner = new Runner({
      ...this.#options,
      context: this.agent.context,
      jobs: 1,
      retries: 0,
      canRepeat: false,
      deadline: undefined,
      onResult: undefined,
      isServing: yes,
      revive: yes,
    })
    const { results } = await runner.run([receive(planned, reception)])
    // A skipped case has accepted nothing. Its connections are served, so that the driver continues.
    for (const arrival of reception.takeWaiting()) void answerAndClose(arrival)
    const [result] = results
    if (['fail', 'crash', 'error'].includes(result.verdict)) this.#failures++
    this.#results.set(planned.entry.id, result)
    this.#options.onResult?.(result, this.agent.name)
  }
}

const NOT_ASKED = 'the client did not request it'

/** The reason for skipping the remaining cases when a client ended early. */
export const LOST = 'target lost'
