import { Mismatch } from '../peer/index.ts'
import type { Handshake, OpenOptions, Reception, Trial } from '../script/index.ts'
import { type Agent, caseNumberOf, caseUrl } from './agent.ts'
import { answerAsOffered } from './agreement.ts'
import { keyOf } from './answer.ts'
import { type DriverEvent, EventLog } from './event-log.ts'
import type { Launched } from './launcher.ts'
import { type Arrival, ArrivalQueue, Listener } from './listener.ts'
import type { InviteOptions, PendingUpgrade } from './pending-upgrade.ts'
import { recordRequest } from './request-rule.ts'

/** Milliseconds within which a started client must connect. */
const ARRIVAL_LIMIT = 20_000
/** The minimum of both limits, in timeouts of the attempt. */
const ARRIVAL_TIMEOUTS = 10
/**
 * Milliseconds within which a client must connect on its own: after failures, browsers delay a connection by up to a
 * minute.
 */
const RECONNECT_LIMIT = 70_000

/** Accepts the clients of one run of one case. */
export class CaseReception implements Reception {
  readonly agent: Agent
  readonly #first: number
  readonly #last: number
  readonly #waiting = new ArrivalQueue()
  readonly #launched: Launched[] = []
  readonly #listeners: Listener[] = []
  /** The events of clients that connect on their own, by the number of the connection. */
  readonly #events = new Map<number, EventLog>()
  #count = 0
  #isFinishing = false

  /** @param first the number of the first connection. @param count the number of connections. */
  constructor(agent: Agent, first: number, count: number) {
    this.agent = agent
    this.#first = first
    this.#last = first + Math.max(1, count) - 1
  }

  /**
   * Returns the number of the next connection. A case that opens more connections than it declared repeats the last
   * number.
   */
  get #next(): number {
    return Math.min(this.#first + this.#count, this.#last)
  }

  /** The milliseconds that all connections of the case may take to arrive. */
  get arrivalLimit(): number {
    return (this.#last - this.#first + 1) * usualLimit(this.agent.launcher !== null)
  }

  /** Called when a client connects for this case. */
  push(arrival: Arrival): void {
    if (this.#isFinishing) return void arrival.transport.stream.destroy()
    this.#waiting.push(arrival)
  }

  /** Removes and returns the connections that the case has not used. */
  takeWaiting(): Arrival[] {
    return this.#waiting.takeAll()
  }

  /** Adds an event of a numbered connection. It may arrive after the next connection has. */
  addEvent(number: number, event: DriverEvent): void {
    this.#eventsOf(number).push(event)
  }

  /** Starts a client, or waits for one that connects on its own. Ends the case when none connects. */
  async next(t: Trial, options: InviteOptions = {}): Promise<PendingUpgrade> {
    const launched = options.start === false ? null : this.start(options.url, options.env)
    const upgrade = await this.arrived(t, options, launched)
    if (upgrade !== null) return upgrade
    const end = launched === null ? 'none' : `none; the client ended with ${await firstOf(launched.exited)}`
    throw new Mismatch('a connection from the client', end)
  }

  /** Starts a client without waiting for it. Returns null when clients connect on their own. */
  start(url?: string, env?: Record<string, string>): Launched | null {
    const { launcher } = this.agent
    if (launcher === null) return null
    const launched = launcher.start(url ?? caseUrl(this.agent, this.#next), env)
    this.#launched.push(launched)
    return launched
  }

  /**
   * Waits for the next client. Resolves to null on a timeout, or when the client exits without connecting. Clients may
   * repeat a request on their own, for example after a 401. Unless the case waits for that, the repetition ends here,
   * because it is not the connection that the case needs next.
   */
  async arrived(t: Trial, options: InviteOptions, launched: Launched | null): Promise<PendingUpgrade | null> {
    const limit = options.timeout ?? Math.max(usualLimit(launched !== null), ARRIVAL_TIMEOUTS * t.timeout)
    const end = launched?.exited ?? this.agent.gone
    for (;;) {
      const arrival = await this.#waiting.next(limit, end, t.noteTimeout)
      if (arrival === null) return null
      if (options.start === false || !this.#isRepetition(t, arrival)) {
        const upgrade = this.#receive(t, arrival, options, launched)
        this.#count++
        return upgrade
      }
      recordRequest(t, this.agent, arrival.request, { isFollowUp: true })
      arrival.transport.stream.destroy()
    }
  }

  /** Listens on another port, for cases whose URLs are not those of numbered connections. Resolves to the port. */
  async listen(t: Trial, tls?: { cert: string; key: string }, onConnection?: () => void): Promise<number> {
    if (this.agent.launcher === null) t.skip('needs --exec CMD with {url}')
    const host = new URL(this.agent.base).hostname
    const listener = await Listener.open({ port: 0, host, tls, onConnection, onArrival: (one) => this.push(one) })
    this.#listeners.push(listener)
    return listener.port
  }

  /** Closes everything that the case opened, and waits until the clients that it started have exited. */
  async finish(t: Trial): Promise<void> {
    this.#isFinishing = true
    // A client that never closes its side must not delay the next case.
    for (const peer of t.peers) if (!peer.ended) peer.transport.reset()
    t.close()
    for (const { transport } of this.#waiting.takeAll()) transport.stream.destroy()
    for (const listener of this.#listeners.splice(0)) listener.close()
    await Promise.all(this.#launched.splice(0).map((one) => one.stop()))
    this.#count = 0
    this.#isFinishing = false
  }

  /**
   * Opens a connection for a server case: the next client, with permessage-deflate agreed as the case would offer it.
   */
  async handshake(t: Trial, options: OpenOptions): Promise<Handshake> {
    const { peer, request } = await this.next(t)
    return answerAsOffered(peer, request, options)
  }

  #receive(t: Trial, arrival: Arrival, { url, start }: InviteOptions, launched: Launched | null): PendingUpgrade {
    const { request, transport } = arrival
    const { agent } = this
    const peer = t.adopt(transport, 'server')
    peer.resume()
    t.log.in('http', request.head.toString('latin1'), request.head)
    const number = this.#numberOf(arrival) ?? this.#next
    const ownUrl = url === undefined && launched !== null ? new URL(caseUrl(agent, number)) : undefined
    recordRequest(t, agent, request, { url: ownUrl, isFollowUp: start === false })
    return {
      peer,
      request,
      events: launched?.events ?? this.#eventsOf(number),
      ask: (command) => launched?.ask(command) ?? agent.command?.(number, command) ?? false,
    }
  }

  /** Returns the number in the URL of a connection, or null when the URL names no connection of this case. */
  #numberOf({ request }: Arrival): number | null {
    const number = caseNumberOf(request)
    return number !== null && number >= this.#first && number <= this.#last ? number : null
  }

  /** Whether a request has the number and the key of an earlier one of this case. */
  #isRepetition(t: Trial, arrival: Arrival): boolean {
    const number = this.#numberOf(arrival)
    return number !== null && number < this.#next && this.agent.keys.get(keyOf(arrival.request)) === t.entry.id
  }

  #eventsOf(number: number): EventLog {
    const known = this.#events.get(number) ?? new EventLog()
    this.#events.set(number, known)
    return known
  }
}

/** Returns the milliseconds within which a client must connect. */
function usualLimit(isStarted: boolean): number {
  return isStarted ? ARRIVAL_LIMIT : RECONNECT_LIMIT
}

/** Returns the reception of a client case. */
export function receptionOf(t: Trial): CaseReception {
  if (t.reception instanceof CaseReception) return t.reception
  throw new TypeError(`${t.entry.id} tests clients: it needs a reception`)
}

/** Returns how a client ended, if it has ended. */
function firstOf(exited: Promise<string>): Promise<string> {
  return Promise.race([exited, Promise.resolve('nothing yet')])
}
