import { AsyncLocalStorage } from 'node:async_hooks'
import { type CatalogueEntry, carrierOf } from '../catalogue/index.ts'
import { FrameWatch, Mismatch, OpenTimeout, Peer, type Transport, type WireLog } from '../peer/index.ts'
import type { AssertionResult, CaseClass } from '../result.ts'
import { buildRequest, type Random, type RequestOptions, sleep, type UpgradeRequest } from '../wire/index.ts'
import { admit, isCrowdedOut, PATIENCE, skipCrowded } from './admission.ts'
import { describeAnswer, type Handshake, type OpenOptions } from './handshake.ts'
import { checkAnswer } from './response-rule.ts'
import type { RunContext } from './run-context.ts'

/** Errors that are not caused by the target: this machine has no free port or file descriptor. */
const LOCAL_TROUBLE: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EMFILE', 'ENFILE', 'ENOBUFS', 'EAGAIN'])
/** For how many timeouts errors of this machine may last, and the milliseconds between two attempts. */
const LOCAL_PATIENCE = 10
const LOCAL_PAUSE = 100

/** The name of the connection that the running code uses, where a case opens several. */
const connectionName = new AsyncLocalStorage<string>()

/** Thrown to skip a case; the message is the reason. */
export class Skip extends Error {}

/** Thrown to end a case whose assertions decide its verdict. */
export class Settled extends Error {}

/** Class and rule of an assertion; default: the class of the entry, and its first rule that is as strong as the class. */
export interface AssertionOptions {
  class?: CaseClass
  requirement?: string
}

/**
 * Groups whose requests a server should refuse. A server that accepts such a request already fails the case, so faults
 * in its 101 are not recorded.
 */
const INVALID_REQUESTS = /^hs\.(?:method|version|target|host|upgrade|connection|key|ver|syntax)$/

/** Accepts clients under test. Used instead of connecting when clients are tested. */
export interface Reception {
  /** Accepts the next client with a 101. The options are those of a server case, with roles swapped. */
  handshake(t: Trial, options: OpenOptions): Promise<Handshake>
}

/** One run of one case. It opens connections and collects assertions, notes and the wire log. Cases get it as `t`. */
export class Trial {
  readonly entry: CatalogueEntry
  readonly context: RunContext
  readonly log: WireLog
  /** Random numbers, seeded by the run and the id of the case. */
  readonly random: Random
  readonly assertions: AssertionResult[] = []
  readonly notes: string[] = []
  readonly peers: Peer[] = []
  /** HTTP/2 connections, whose streams are peers. They are closed after the peers. */
  readonly connections: { destroy(): void }[] = []
  /** Whether the target stopped serving new connections. */
  lost = false
  /** Whether a wait timed out. A failure may then be due to a slow target. */
  timedOut = false
  /** Records that a wait timed out. */
  readonly noteTimeout = (): void => {
    this.timedOut = true
  }
  /** Whether the target refused a connection, or ended one beside others. */
  refused = false
  /** When a connection was first refused beside others, by `performance.now()`. */
  firstRefusal: number | null = null
  #isClosed = false
  /** Whether the last opening handshake succeeded; null before there was one. */
  opened: boolean | null = null
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

  /** Records an assertion and returns `ok`. */
  assert(ok: boolean, expected: string, actual: string, options: AssertionOptions = {}): boolean {
    const kind = options.class ?? this.entry.class
    this.assertions.push({
      requirement: options.requirement ?? carrierOf(this.entry.requirements, kind),
      class: kind,
      ok,
      expected,
      actual: ok ? actual : named(actual),
    })
    return ok
  }

  /** Runs an action on one of several connections. The messages of its failures begin with the name. */
  within<T>(name: string, action: () => Promise<T>): Promise<T> {
    return connectionName.run(name, async () => {
      try {
        return await action()
      } catch (error) {
        throw error instanceof Mismatch ? new Mismatch(error.expected, named(error.actual)) : error
      }
    })
  }

  /** Records an assertion and ends the case when it is false. */
  require(ok: boolean, expected: string, actual: string, options?: AssertionOptions): asserts ok {
    if (!this.assert(ok, expected, actual, options)) throw new Settled()
  }

  /** Records an assertion of class `should`, which only warns. */
  assertShould(ok: boolean, expected: string, actual: string, requirement?: string): boolean {
    return this.assert(ok, expected, actual, { class: this.entry.class === 'info' ? 'info' : 'should', requirement })
  }

  /** Ends the case as failed. */
  fail(expected: string, actual: string, options?: AssertionOptions): never {
    this.assert(false, expected, actual, options)
    throw new Settled()
  }

  /** Ends the case as skipped, unless it has found a fault. */
  skip(reason: string): never {
    if (this.assertions.some((assertion) => !assertion.ok && assertion.class !== 'info')) throw new Settled()
    throw new Skip(reason)
  }

  /** Adds a remark to the report, without an effect on the verdict. */
  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text)
  }

  /** Records an observation about the target and adds it to the notes. */
  observe(name: string, value: unknown): void {
    this.context.observations[name] = value
    this.note(`${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
  }

  // Connecting

  /** Opens a connection without a handshake. */
  async connect(plain = false, patience?: number): Promise<Peer> {
    return this.adopt(await this.dial(plain, patience))
  }

  /**
   * Opens a connection that the case adopts later, for example after TLS. An attempt times out while the queue of the
   * target is full. It is repeated for `patience` milliseconds, because the system repeats a SYN at growing intervals.
   */
  async dial(plain = false, patience = this.timeout): Promise<Transport> {
    const { target, timeout } = this.context
    const began = performance.now()
    const deadline = began + timeout * LOCAL_PATIENCE
    for (;;) {
      if (this.#isClosed) throw new Settled()
      try {
        return await (plain ? target.connectPlain(timeout) : target.connect(timeout))
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        if (error instanceof OpenTimeout) {
          if (performance.now() + timeout / 2 < began + patience) continue
          this.noteTimeout()
        }
        if (code === 'ECONNREFUSED' && !this.refused && (await this.#recover())) continue
        // Before there is a request, a reset beside other connections can only be due to them.
        const isCrowdedOut = code === 'ECONNRESET' && this.context.crowd.sizeBeside(null) > 0
        if (isCrowdedOut && performance.now() >= began + PATIENCE) skipCrowded(this, `the target is full: ${message}`)
        if (!isCrowdedOut && !LOCAL_TROUBLE.has(code ?? ''))
          throw new Mismatch('a connection', message || 'connection refused')
        if (performance.now() >= deadline) throw new Error(`this machine cannot open a connection: ${message}`)
      }
      await sleep(LOCAL_PAUSE)
    }
  }

  /** Waits for a target that is being restarted. Resolves to false when nothing restarts it. */
  #recover(): Promise<boolean> {
    this.refused = true
    return this.context.recover?.() ?? Promise.resolve(false)
  }

  /** Returns a peer on a transport that the case opened itself. `role` is the role of the tester. */
  adopt(transport: Transport, role: 'client' | 'server' = 'client'): Peer {
    if (role === 'client') this.log.out('connect', this.context.target.url)
    else this.log.in('connect', 'a client connects')
    const peer = new Peer(transport, {
      role,
      timeout: this.context.timeout,
      randomKey: () => this.random.bytes(4),
      onTimeout: this.noteTimeout,
      log: this.log,
      ledger: this.context.ledger,
      greetings: role === 'client' ? this.context.capabilities.greetings : 0,
      watch: new FrameWatch(this.context.ledger, this.entry.id, role === 'client' ? 'server' : 'client'),
    })
    this.peers.push(peer)
    this.context.crowd.enter(transport.stream, this)
    if (this.#isClosed) peer.destroy()
    return peer
  }

  /** Makes an upgrade request with the given differences from the minimal one. */
  request(options: RequestOptions = {}): UpgradeRequest {
    return buildRequest(this.context.target.base, this.random, options)
  }

  /**
   * Sends a request on a new connection and waits for the response. Every 101 is checked by the rules of `hs.resp`. Waits
   * for a target that limits its connections, and skips the case when it admits none.
   */
  async handshake(options: OpenOptions = {}): Promise<Handshake> {
    return this.reception === null ? admit(this, options) : this.reception.handshake(this, options)
  }

  /** Like `handshake`, without waiting for a target that limits its connections. */
  async attempt(options: OpenOptions = {}): Promise<Handshake> {
    return this.handshakeOn(await this.connect(false, options.timeout), options)
  }

  /** Like `handshake`, on an existing connection. */
  async handshakeOn(peer: Peer, options: OpenOptions = {}): Promise<Handshake> {
    const request = this.request(options)
    const bytes = Buffer.concat([Buffer.from(options.prefix ?? '', 'latin1'), request.bytes])
    if (options.early === undefined) await peer.sendHead(bytes, options.chop)
    else await peer.sendEarly(Buffer.concat([bytes, options.early(peer)]), options.chop)
    return this.readAnswer(peer, request, options.timeout)
  }

  /** Waits for the response to a request that the case sent itself. */
  async readAnswer(peer: Peer, request: UpgradeRequest, timeout?: number): Promise<Handshake> {
    const response = await peer.readResponse(timeout)
    if (isCrowdedOut(this, { peer, response })) this.refused = true
    const breaches = response?.status === 101 ? checkAnswer(request, response) : []
    if (!INVALID_REQUESTS.test(this.entry.group)) {
      for (const { rule, detail } of breaches) this.context.ledger.breach(rule, this.entry.id, detail)
    }
    this.opened = response?.status === 101 && breaches.length === 0
    return { peer, request, response, breaches }
  }

  /** Performs a handshake and returns the open connection. Ends the case when the handshake is refused. */
  async open(options: OpenOptions = {}): Promise<Peer> {
    const { peer, response } = await this.handshake(options)
    if (response?.status !== 101) throw new Mismatch('101 Switching Protocols', describeAnswer(response, peer))
    return peer
  }

  /** Closes a connection before the end of the case, for cases that open many. */
  release(peer: Peer): void {
    peer.destroy()
    this.peers.splice(this.peers.indexOf(peer), 1)
  }

  /** Closes all connections, and those that the case still opens. */
  close(): void {
    this.#isClosed = true
    for (const each of [...this.peers, ...this.connections]) each.destroy()
  }
}

function named(actual: string): string {
  const name = connectionName.getStore()
  return name === undefined ? actual : `${name}: ${actual}`
}
