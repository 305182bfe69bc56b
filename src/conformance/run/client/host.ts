import { toAutobahnVerdict } from '../../autobahn-verdict.ts'
import { type Arrival, CASE_PATH, type DriverEvent, Listener, parseEvent, readTarget } from '../../client/index.ts'
import { readingTurn } from '../../wire/index.ts'
import type { ClientOutcome, ClientRunOptions } from './client-run.ts'
import { DrivenAgent } from './driven-agent.ts'
import { formatPage } from './page.ts'
import type { Plan, PlannedCase } from './plan.ts'
import { answerAndClose, isUpgrade, respond, streamCommands } from './service.ts'

/** Milliseconds for a page to read and draw its results at the end of a run. */
const LAST_READ = 10_000

/** Accepts the connection with this number, for clients that the tester starts. */
type OnLaunched = (arrival: Arrival, number: number) => void

/** The server of the tester: the protocol of Autobahn for drivers, the page for browsers, and the results over HTTP. */
export class Host {
  readonly #options: ClientRunOptions
  readonly #plan: Plan
  readonly #agents = new Map<string, DrivenAgent>()
  /** The results of clients that have requested their report. */
  readonly outcomes = new Map<DrivenAgent, ClientOutcome>()
  /** Set if the tester starts the clients. */
  onLaunched: OnLaunched | null = null
  #listener: Listener | null = null
  /** Connections from which a client may still read. */
  readonly #open = new Set<Promise<void>>()
  #onDone: () => void = () => {}
  #onRequest: () => void = () => {}

  private constructor(plan: Plan, options: ClientRunOptions) {
    this.#plan = plan
    this.#options = options
  }

  /** Listens. Rejects when the port is not available. */
  static async open(plan: Plan, options: ClientRunOptions): Promise<Host> {
    const host = new Host(plan, options)
    const { port, host: hostname } = options
    host.#listener = await Listener.open({ port, host: hostname, onArrival: (arrival) => host.#route(arrival) })
    return host
  }

  /** The address for clients on this machine: `ws://127.0.0.1:9001`. */
  get base(): string {
    const { host } = this.#options
    const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
    return `ws://${shown}:${this.#listener?.port ?? 0}`
  }

  /** The clients that connect on their own, in the order of arrival. */
  get agents(): readonly DrivenAgent[] {
    return [...this.#agents.values()]
  }

  /** Resolves when this number of clients have finished and no other client is active. */
  async allDone(count: number, grace: number): Promise<void> {
    while (!(this.outcomes.size >= count && this.outcomes.size === this.#agents.size)) {
      await new Promise<void>((resolve) => {
        this.#onDone = resolve
        for (const one of this.#agents.values()) void one.done.then(() => this.#reportLater(one, grace))
      })
    }
  }

  /** Resolves when no request has arrived for this number of milliseconds and no case is running. */
  silence(limit: number): Promise<void> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout
      const wait = (): void => {
        clearTimeout(timer)
        timer = setTimeout(onTimeout, limit).unref()
      }
      const onTimeout = async (): Promise<void> => {
        const passed = timer
        // After a blocked event loop, a request may have arrived.
        await readingTurn()
        if (timer !== passed) return
        if (this.agents.some(({ isRunning }) => isRunning)) wait()
        else resolve()
      }
      this.#onRequest = wait
      wait()
    })
  }

  /** Waits until the last responses are sent and pages have their results, then ends all connections. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_READ)
    })
    await Promise.race([Promise.all(this.#open), late])
    clearTimeout(timer)
    this.#listener?.close()
  }

  #answerAndClose(arrival: Arrival, text?: string): void {
    this.#track(answerAndClose(arrival, text))
  }

  #track(connection: Promise<void>): void {
    const open = connection.finally(() => this.#open.delete(open))
    this.#open.add(open)
  }

  /** Makes the report for a driver that does not request one. */
  #reportLater(agent: DrivenAgent, grace: number): void {
    if (this.outcomes.has(agent)) return
    const timer = setTimeout(() => void this.#report(agent).then(() => this.#onDone()), grace)
    timer.unref()
  }

  async #report(agent: DrivenAgent): Promise<void> {
    if (this.outcomes.has(agent)) return
    await agent.finish()
    if (this.outcomes.has(agent)) return
    const outcome = agent.describe()
    this.outcomes.set(agent, outcome)
    this.#options.onEnd?.(outcome.result)
  }

  #route(arrival: Arrival): void {
    this.#onRequest()
    const { path, query } = readTarget(arrival.request.target)
    if (!isUpgrade(arrival.request)) return this.#serve(arrival, path, query)
    const name = query.get('agent') ?? 'client'
    switch (path) {
      case '/getCaseCount':
        return this.#answerAndClose(arrival, String(this.#plan.total))
      case CASE_PATH:
        return this.#runCase(arrival, query, name)
      case '/getCaseInfo':
        return this.#answerAndClose(arrival, JSON.stringify(describeCase(this.#find(query)?.planned)))
      case '/getCaseStatus':
        return this.#answerAndClose(arrival, JSON.stringify({ behavior: this.#behaviorOf(query, name) }))
      case '/updateReports':
        void this.#updateReports(arrival, name)
        return
      default:
        // A client that follows a redirect must not open here, because its case expects that it does not open.
        respond(arrival, '404 Not Found', 'text/plain; charset=utf-8', 'no such connection\n')
    }
  }

  #runCase(arrival: Arrival, query: URLSearchParams, name: string): void {
    const number = Number(query.get('case'))
    if (this.onLaunched !== null) return this.onLaunched(arrival, number)
    const found = this.#find(query)
    if (found === undefined) return this.#answerAndClose(arrival)
    this.#agentOf(name).arrive(arrival, found.planned, found.number)
  }

  async #updateReports(arrival: Arrival, name: string): Promise<void> {
    const agent = this.#agents.get(name)
    if (agent !== undefined) await this.#report(agent)
    this.#answerAndClose(arrival)
    this.#onDone()
  }

  /** Returns the case of `case=N` or `casetuple=1.1.1`. */
  #find(query: URLSearchParams): { planned: PlannedCase; number: number } | undefined {
    const tuple = query.get('casetuple')
    const planned = tuple === null ? this.#plan.at(Number(query.get('case'))) : this.#plan.named(tuple)
    if (planned === undefined) return undefined
    return { planned, number: tuple === null ? Number(query.get('case')) : planned.first }
  }

  #agentOf(name: string): DrivenAgent {
    const known = this.#agents.get(name)
    if (known !== undefined) return known
    const agent = new DrivenAgent(name, this.base, this.#plan, this.#options)
    this.#agents.set(name, agent)
    // `waitForClients` must learn about the new client.
    this.#onDone()
    return agent
  }

  #behaviorOf(query: URLSearchParams, name: string): string {
    const planned = this.#find(query)?.planned
    const result = planned && this.#agents.get(name)?.resultOf(planned.entry.id)
    return result === undefined ? 'UNIMPLEMENTED' : toAutobahnVerdict(result).behavior
  }

  #serve(arrival: Arrival, path: string, query: URLSearchParams): void {
    switch (path) {
      case '/':
        return respond(arrival, '200 OK', 'text/html; charset=utf-8', formatPage(this.#plan))
      case '/results.json':
        return respond(arrival, '200 OK', 'application/json', JSON.stringify(this.#results(query.get('agent'))))
      case '/event':
        return this.#onEvent(arrival, query)
      case '/commands':
        return this.#track(streamCommands(arrival, this.#agentOf(query.get('agent') ?? 'client').agent))
      default:
        return respond(arrival, '404 Not Found', 'text/plain; charset=utf-8', 'no such page\n')
    }
  }

  /** Returns the result of one client, or those of all. */
  #results(name: string | null): unknown {
    const describe = (agent: DrivenAgent) => (this.outcomes.get(agent) ?? agent.describe()).result
    if (name === null) return this.agents.map(describe)
    const agent = this.#agents.get(name)
    return agent === undefined ? null : describe(agent)
  }

  /** Accepts an event of the browser's WebSocket, reported by the page: `/event?agent=A&case=N&json={…}`. */
  #onEvent(arrival: Arrival, query: URLSearchParams): void {
    const event: DriverEvent | null = parseEvent(query.get('json') ?? '')
    if (event !== null) this.#agentOf(query.get('agent') ?? 'client').onEvent(Number(query.get('case')), event)
    respond(arrival, '204 No Content', 'text/plain', '')
  }
}

function describeCase(planned: PlannedCase | undefined): { id: string; description: string } | null {
  if (planned === undefined) return null
  const { autobahn, id, title } = planned.entry
  return { id: autobahn ?? id, description: title }
}
