import { Mismatch } from '../peer/inbound.ts'
import type { Peer } from '../peer/peer.ts'
import type { Handshake, OpenOptions, Reception, Trial } from '../script/trial.ts'
import { deflateElementOf } from '../wire/extension.ts'
import type { Response } from '../wire/http.ts'
import { type Agent, caseUrl } from './agent.ts'
import { agreeOn, decodeAs } from './agreement.ts'
import { keyOf, sendAnswer } from './answer.ts'
import { EventLog } from './event-log.ts'
import type { Launched } from './launcher.ts'
import { type Arrival, Listener } from './listener.ts'
import type { ClientRequest } from './request.ts'
import { checkRequest } from './request-rule.ts'

/** One connection of a client: its request is read, nothing is answered yet. */
export interface Visit {
  peer: Peer
  request: ClientRequest
  events: EventLog
  /** Asks the driver to do something; false when it takes no commands. */
  ask(command: string): boolean
}

/** How a client is made to come. */
export interface InviteOptions {
  /** Another URL than that of the case; clients that come by themselves cannot be given one. */
  url?: string
  env?: Record<string, string>
  /** Milliseconds to wait, instead of what a start may take. */
  timeout?: number
  /** false: waits only, for a client that comes again by itself. */
  start?: boolean
}

/** Milliseconds until a client that was started, or that drives itself, has to connect. */
const ARRIVAL_LIMIT = 20_000

/** The connections of one run of one case. */
export class Visits implements Reception {
  readonly agent: Agent
  readonly #first: number
  readonly #last: number
  readonly #waiting: Arrival[] = []
  readonly #launched: Launched[] = []
  readonly #listeners: Listener[] = []
  /** What the driver of a client that came by itself tells about its newest connection. */
  #told = new EventLog()
  #wake: (() => void) | null = null
  #count = 0

  /** `first` is the number of the first connection, `count` says how many there are. */
  constructor(agent: Agent, first: number, count: number) {
    this.agent = agent
    this.#first = first
    this.#last = first + Math.max(1, count) - 1
  }

  /** The number of the next connection; a case that opens more than it said goes on with its last one. */
  get #next(): number {
    return Math.min(this.#first + this.#count, this.#last)
  }

  /** A client has come for this case. */
  push(arrival: Arrival): void {
    this.#waiting.push(arrival)
    this.#wake?.()
  }

  /** The driver tells something about the newest connection. */
  tell(event: Parameters<EventLog['push']>[0]): void {
    this.#told.push(event)
  }

  /** Has a client come, or waits for the one that drives itself; ends the case when none comes. */
  async next(t: Trial, options: InviteOptions = {}): Promise<Visit> {
    const launched = options.start === false ? null : this.start(options.url, options.env)
    const visit = await this.arrived(t, options, launched)
    if (visit !== null) return visit
    const end = launched === null ? 'none came' : `none; the client ended with ${await firstOf(launched.exited)}`
    throw new Mismatch('a connection from the client', end)
  }

  /** Starts a client without waiting for it; null when clients come by themselves. */
  start(url?: string, env?: Record<string, string>): Launched | null {
    const { launcher } = this.agent
    if (launcher === null) return null
    const launched = launcher.start(url ?? caseUrl(this.agent, this.#next), env)
    launched.exited.finally(() => this.#wake?.())
    this.#launched.push(launched)
    return launched
  }

  /** The next client that comes, or null when none does in time, or when it ended without coming. */
  async arrived(t: Trial, options: InviteOptions, launched: Launched | null): Promise<Visit | null> {
    const arrival = await this.#take(options.timeout ?? ARRIVAL_LIMIT, launched)
    if (arrival === null) return null
    this.#told = new EventLog()
    const visit = this.#receive(t, arrival, options, launched)
    this.#count++
    return visit
  }

  /** Listens on a port of its own, for URLs that say more than a number; its clients come here. */
  async listen(t: Trial, tls?: { cert: string; key: string }, onConnection?: () => void): Promise<number> {
    if (this.agent.launcher === null) t.skip('needs --exec CMD with {url}')
    const host = new URL(this.agent.base).hostname
    const listener = await Listener.open({ port: 0, host, tls, onConnection, onArrival: (one) => this.push(one) })
    this.#listeners.push(listener)
    return listener.port
  }

  /** Lets go of everything the case opened, and waits for the clients it started to end. */
  async finish(t: Trial): Promise<void> {
    // A client that keeps its side open for ever must not hold up the next case.
    for (const peer of t.peers) if (!peer.ended) peer.transport.reset()
    t.close()
    for (const { transport } of this.#waiting.splice(0)) transport.stream.destroy()
    for (const listener of this.#listeners.splice(0)) listener.close()
    await Promise.all(this.#launched.splice(0).map((one) => one.stop()))
    this.#count = 0
  }

  /** What a server case opens: here the next client, with permessage-deflate answered as the case would offer it. */
  async handshake(t: Trial, options: OpenOptions): Promise<Handshake> {
    const { peer, request } = await this.next(t)
    const wishes = (options.add ?? []).filter(([name]) => /^sec-websocket-extensions$/i.test(name))
    const agreement = agreeOn(
      request,
      wishes.map(([, value]) => value),
    )
    const add: [string, string][] = agreement === null ? [] : [['Sec-WebSocket-Extensions', agreement.answer]]
    await sendAnswer(peer, request, { add })
    if (agreement !== null) decodeAs(peer, agreement)
    const fields: [string, string][] = agreement === null ? [] : [['Sec-WebSocket-Extensions', agreement.turned]]
    return {
      peer,
      request: { bytes: request.head, key: keyOf(request), fields: request.fields },
      response: turnedResponse(fields),
      breaches: [],
    }
  }

  async #take(timeout: number, launched: Launched | null): Promise<Arrival | null> {
    const deadline = performance.now() + timeout
    let isOver = false
    const ends = launched?.exited ?? this.agent.gone
    void ends.then(() => {
      isOver = true
      this.#wake?.()
    })
    for (;;) {
      const arrival = this.#waiting.shift()
      if (arrival !== undefined) return arrival
      const left = deadline - performance.now()
      if (isOver || left <= 0) return null
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#wake = null
    }
  }

  #receive(t: Trial, arrival: Arrival, { url }: InviteOptions, launched: Launched | null): Visit {
    const { request, transport } = arrival
    const { agent } = this
    const peer = t.adopt(transport, 'server')
    peer.resume()
    t.log.in('http', request.head.toString('latin1'), request.head)
    this.#judge(t, request, url === undefined && launched !== null)
    if (deflateElementOf(request) !== undefined) agent.context.capabilities.pmd = true
    const number = this.#next
    return {
      peer,
      request,
      events: launched?.events ?? this.#told,
      ask: (command) => launched?.ask(command) ?? agent.command?.(number, command) ?? false,
    }
  }

  /** The passive rows see every request. */
  #judge(t: Trial, request: ClientRequest, isPlain: boolean): void {
    const { ledger } = t.context
    const { keys } = this.agent
    const url = isPlain ? new URL(caseUrl(this.agent, this.#next)) : null
    for (const { rule, detail } of checkRequest(request, url === null ? undefined : url.pathname + url.search)) {
      ledger.breach(rule, t.entry.id, detail)
    }
    const key = keyOf(request)
    const before = keys.get(key)
    if (before !== undefined) ledger.breach('client.req.key-fresh', t.entry.id, `${key} again, as in ${before}`)
    keys.set(key, t.entry.id)
  }
}

/** The connections of a client case. */
export function visitsOf(t: Trial): Visits {
  if (t.reception instanceof Visits) return t.reception
  throw new TypeError(`${t.entry.id} tests clients: it needs a reception`)
}

/** As if a server had accepted the tool's own request: what the server cases look at. */
function turnedResponse(fields: [string, string][]): Response {
  const statusLine = 'HTTP/1.1 101 Switching Protocols'
  return { statusLine, status: 101, fields, problems: [], head: Buffer.alloc(0) }
}

/** The word on how it ended, when it has ended. */
function firstOf(exited: Promise<string>): Promise<string> {
  return Promise.race([exited, Promise.resolve('nothing yet')])
}
