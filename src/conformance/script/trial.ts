import { AsyncLocalStorage } from 'node:async_hooks'
import type { CatalogueEntry } from '../catalogue/index.ts'
import { FrameWatch, type Ledger, Mismatch, Peer, type Target, type Transport, type WireLog } from '../peer/index.ts'
import type { AssertionResult, CaseClass } from '../result.ts'
import {
  buildRequest,
  type Chop,
  type Random,
  type RequestOptions,
  type Response,
  sleep,
  type UpgradeRequest,
} from '../wire/index.ts'
import { type AnswerBreach, checkAnswer } from './response-rule.ts'

/** Errors that say nothing about the target: this machine has no port or file handle left just now. */
const LOCAL_TROUBLE: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EMFILE', 'ENFILE', 'ENOBUFS', 'EAGAIN'])
/** How often the time of one event such trouble may last, and the pause between attempts in milliseconds. */
const LOCAL_PATIENCE = 10
const LOCAL_PAUSE = 100

/** Which of several connections the code that runs is about. */
const connectionName = new AsyncLocalStorage<string>()

/** What was found out about the target before the first case. */
export interface Capabilities {
  /** It answers a text with the same text. */
  echo: boolean
  /** Text it puts in front of its echoes (`--echo-prefix`). */
  echoPrefix: string
  /** It accepts permessage-deflate. */
  pmd: boolean
  serverHeader: string | null
  /** Version of TLS, when the target uses it. */
  tls: string | null
}

/** What all cases of a run share. */
export interface RunContext {
  target: Target
  capabilities: Capabilities
  ledger: Ledger
  /** Milliseconds for one expected event, the factor included. */
  timeout: number
  /** Milliseconds of silence for cases whose subject is silence. */
  idle: number
  seed: number
  /** A subprotocol the server knows, from `--subprotocol`. */
  subprotocol: string | null
  /** The run may be long (`--long`): cases that use samples then use everything. */
  long: boolean
  /** Bytes of the largest message to send. */
  maxMessage: number
  /** Gets a target that refuses connections serving again; false when it does not. */
  recover?(): Promise<boolean>
  /** What cases found out, by name: goes into the report. */
  observations: Record<string, unknown>
}

/** Ends a case as skipped, with the reason. */
export class Skip extends Error {}

/** Ends a case whose verdict is settled by what it asserted. */
export class Settled extends Error {}

/** One assertion's own class and rule; by default those of the entry. */
export interface AssertionOptions {
  class?: CaseClass
  requirement?: string
}

/** A handshake and its answer. */
export interface Handshake {
  peer: Peer
  request: UpgradeRequest
  /** null: no answer arrived. */
  response: Response | null
  /** What is wrong with the 101, by the cases of `hs.resp`. */
  breaches: AnswerBreach[]
}

/** How a connection is opened. */
export interface OpenOptions extends RequestOptions {
  /** Cuts the request into pieces. */
  chop?: Chop
  /** Sent before the request, one byte per character. */
  prefix?: string
  /** Sent in one write with the request, right after it. */
  early?: (peer: Peer) => Buffer
  /** Milliseconds to wait for the answer. */
  timeout?: number
}

/** Where clients under test arrive; replaces connecting when clients are tested. */
export interface Reception {
  /** The next client of the case, answered with a 101; the options say what a client would ask of a server. */
  handshake(t: Trial, options: OpenOptions): Promise<Handshake>
}

/** One run of one case: opens connections, collects assertions, notes and the wire log. Cases get it as `t`. */
export class Trial {
  readonly entry: CatalogueEntry
  readonly context: RunContext
  readonly log: WireLog
  /** Seeded by the run and the name of the case. */
  readonly random: Random
  readonly assertions: AssertionResult[] = []
  readonly notes: string[] = []
  readonly peers: Peer[] = []
  /** Closed after the peers: connections of HTTP/2, whose streams are peers. */
  readonly connections: { destroy(): void }[] = []
  /** The target did not serve a fresh connection any more. */
  lost = false
  /** A wait ended without an event: a failure may then be due to a slow target. */
  timedOut = false
  /** The target refused a connection, or said that it is busy. */
  refused = false
  /** Set when clients are tested. */
  reception: Reception | null = null

  constructor(entry: CatalogueEntry, context: RunContext, random: Random, log: WireLog) {
    this.entry = entry
    this.context = context
    this.random = random
    this.log = log
  }

  /** The last part of the id: `14` of `hs.ver.v14` is `v14`. */
  get name(): string {
    return this.entry.id.slice(this.entry.id.lastIndexOf('.') + 1)
  }

  get timeout(): number {
    return this.context.timeout
  }

  // Asserting

  /** Records an assertion; returns whether it holds. */
  assert(ok: boolean, expected: string, actual: string, options: AssertionOptions = {}): boolean {
    this.assertions.push({
      requirement: options.requirement ?? this.entry.requirements[0] ?? '',
      class: options.class ?? this.entry.class,
      ok,
      expected,
      actual: ok ? actual : named(actual),
    })
    return ok
  }

  /** Runs what a case does on one of several connections: its failures begin with that name. */
  within<T>(name: string, action: () => Promise<T>): Promise<T> {
    return connectionName.run(name, async () => {
      try {
        return await action()
      } catch (error) {
        throw error instanceof Mismatch ? new Mismatch(error.expected, named(error.actual)) : error
      }
    })
  }

  /** Records an assertion and ends the case when it does not hold. */
  require(ok: boolean, expected: string, actual: string, options?: AssertionOptions): asserts ok {
    if (!this.assert(ok, expected, actual, options)) throw new Settled()
  }

  /** Records an assertion of class `should`, such as the second stage of `fail(c)`. */
  assertShould(ok: boolean, expected: string, actual: string, requirement?: string): boolean {
    return this.assert(ok, expected, actual, { class: this.entry.class === 'info' ? 'info' : 'should', requirement })
  }

  /** Ends the case as failed. */
  fail(expected: string, actual: string, options?: AssertionOptions): never {
    this.assert(false, expected, actual, options)
    throw new Settled()
  }

  /** Ends the case as skipped. */
  skip(reason: string): never {
    throw new Skip(reason)
  }

  /** A remark for the report that judges nothing. */
  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text)
  }

  /** Records something that was found out about the target, and notes it. */
  observe(name: string, value: unknown): void {
    this.context.observations[name] = value
    this.note(`${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
  }

  // Connecting

  /** A connection without a handshake. */
  async connect(plain = false): Promise<Peer> {
    const { target, timeout } = this.context
    const deadline = performance.now() + timeout * LOCAL_PATIENCE
    for (;;) {
      try {
        return this.adopt(await (plain ? target.connectPlain(timeout) : target.connect(timeout)))
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        if (code === 'ECONNREFUSED' && !this.refused && (await this.#recover())) continue
        if (!LOCAL_TROUBLE.has(code ?? '')) throw new Mismatch('a connection', message || 'connection refused')
        if (performance.now() >= deadline) throw new Error(`no connection can be opened from here: ${message}`)
      }
      await sleep(LOCAL_PAUSE)
    }
  }

  /** Waits for a target that is being started again; false when nothing starts it. */
  #recover(): Promise<boolean> {
    this.refused = true
    return this.context.recover?.() ?? Promise.resolve(false)
  }

  /** A peer on a transport that the case opened itself; `role` is what the tester plays. */
  adopt(transport: Transport, role: 'client' | 'server' = 'client'): Peer {
    if (role === 'client') this.log.out('connect', this.context.target.url)
    else this.log.in('connect', 'a client connects')
    const peer = new Peer(transport, {
      role,
      timeout: this.context.timeout,
      randomKey: () => this.random.bytes(4),
      onTimeout: () => {
        this.timedOut = true
      },
      log: this.log,
      ledger: this.context.ledger,
      watch: new FrameWatch(this.context.ledger, this.entry.id, role === 'client' ? 'server' : 'client'),
    })
    this.peers.push(peer)
    return peer
  }

  /** The request of a handshake with differences from H0. */
  request(options: RequestOptions = {}): UpgradeRequest {
    return buildRequest(this.context.target.base, this.random, options)
  }

  /** Sends a request on a new connection and waits for the answer; every 101 is checked by the rules of `hs.resp`. */
  async handshake(options: OpenOptions = {}): Promise<Handshake> {
    if (this.reception !== null) return this.reception.handshake(this, options)
    return this.handshakeOn(await this.connect(), options)
  }

  /** The same on a connection that is there already. */
  async handshakeOn(peer: Peer, options: OpenOptions = {}): Promise<Handshake> {
    const request = this.request(options)
    const bytes = Buffer.concat([Buffer.from(options.prefix ?? '', 'latin1'), request.bytes])
    if (options.early === undefined) await peer.sendHead(bytes, options.chop)
    else await peer.sendBytes(Buffer.concat([bytes, options.early(peer)]), options.chop)
    return this.readAnswer(peer, request, options.timeout)
  }

  /** Waits for the answer to a request that was sent by hand. */
  async readAnswer(peer: Peer, request: UpgradeRequest, timeout?: number): Promise<Handshake> {
    const response = await peer.readResponse(timeout)
    if (response?.status === 503 || response?.status === 429) this.refused = true
    const breaches = response?.status === 101 ? checkAnswer(request, response) : []
    for (const { rule, detail } of breaches) this.context.ledger.breach(rule, this.entry.id, detail)
    return { peer, request, response, breaches }
  }

  /** An open connection: the handshake with its 101; ends the case when it is refused. */
  async open(options: OpenOptions = {}): Promise<Peer> {
    const { peer, response } = await this.handshake(options)
    if (response?.status !== 101) throw new Mismatch('101 Switching Protocols', describeAnswer(response, peer))
    return peer
  }

  /** Closes a connection before the end of the case: for cases that open many. */
  release(peer: Peer): void {
    peer.destroy()
    this.peers.splice(this.peers.indexOf(peer), 1)
  }

  /** Closes all connections. */
  close(): void {
    for (const each of [...this.peers, ...this.connections]) each.destroy()
  }
}

function named(actual: string): string {
  const name = connectionName.getStore()
  return name === undefined ? actual : `${name}: ${actual}`
}

/** The answer in words, for messages. */
export function describeAnswer(response: Response | null, peer: Peer): string {
  if (response !== null) return response.statusLine
  if (peer.unread.length > 0) return `no response head but ${peer.unread.length} bytes`
  return peer.ended
    ? `the end of the stream without an answer (${peer.closing.tcp?.toUpperCase()})`
    : 'no answer in time'
}
