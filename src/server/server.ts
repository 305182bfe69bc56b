import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { accountMemory, Connection } from '../connection/connection.ts'
import { channels } from '../connection/diagnostics.ts'
import type { RequestSource } from '../connection/host.ts'
import { type ConnectionLimits, readLimits } from '../connection/limits.ts'
import { Traffic } from '../connection/traffic.ts'
import { CloseCode } from '../core/close-code.ts'
import { HandshakeError, WebSocketError } from '../core/errors.ts'
import type { MessageCodec } from '../core/message-codec.ts'
import { type ResolvedDeflateOptions, readDeflateOptions } from '../deflate/options.ts'
import type { RequestHead } from '../handshake/request-head.ts'
import { checkUpgradeRequest, isUpgradeRequest, type UpgradeRequestHead } from '../handshake/upgrade-request.ts'
import { guardStream } from '../transport/stream-owner.ts'
import { Admission } from './admission.ts'
import { authorizeUpgrade } from './authorize.ts'
import { Listener } from './listener.ts'
import { defaultMaxMemory, MemoryLedger } from './memory.ts'
import type { ServerOptions } from './options.ts'
import { HeadRequest } from './request-source.ts'
import {
  checkShutdownOptions,
  deadlineOf,
  endConnections,
  type ShutdownOptions,
  type ShutdownResult,
} from './shutdown.ts'
import { readTraffic, type ServerStats } from './stats.ts'
import { refuseStream, Upgrade } from './upgrade.ts'

/** Accepts upgrade requests on a port of its own (`listen`) or on the user's HTTP server (`attach`, `handleUpgrade`). */
export class WebSocketServer {
  readonly options: Readonly<ServerOptions>
  /** permessage-deflate as offered to clients, null for not at all. */
  readonly deflate: ResolvedDeflateOptions | null
  /** Limits of each connection unless it is accepted with its own. */
  readonly limits: ConnectionLimits
  readonly #connections = new Set<Connection>()
  /** Upgrades whose decision is awaited. */
  readonly #pending = new Set<Upgrade>()
  readonly #admission: Admission
  readonly #memory: MemoryLedger
  readonly traffic = new Traffic()
  readonly #handshakeTimeout: number
  readonly #refused = new Map<number, number>()
  #acceptedCount = 0
  #listener: Listener | null = null
  #closing = false

  /** Each new connection when no `onUpgrade` was set: the low-level door, without session or promise per message. */
  onConnection: (connection: Connection) => void = () => {}
  /** Decides on each valid upgrade request. Default: the policy of the options, then `onConnection`. */
  onUpgrade: (upgrade: Upgrade) => void = (upgrade) => this.#decide(upgrade)
  /** Plain HTTP requests on the server's own port. Default: 426. */
  onRequest: (request: IncomingMessage, response: ServerResponse) => void = answerUpgradeRequired
  /** The server begins to stop; its connections are still open. */
  onDraining: (reason: unknown) => void = () => {}

  /** Throws a RangeError for a limit that is not a positive number, a TypeError for an option of the wrong kind. */
  constructor(options: ServerOptions = {}) {
    const { deflate, maxMemory = defaultMaxMemory(), handshakeTimeout = 10_000 } = options
    this.options = options
    this.limits = readLimits(options)
    this.deflate = deflate ? readDeflateOptions(deflate) : null
    this.#admission = new Admission(options)
    this.#memory = new MemoryLedger(maxMemory, this.#connections)
    if (!(handshakeTimeout > 0 && handshakeTimeout < 2 ** 31))
      throw new RangeError(`option handshakeTimeout is ${String(handshakeTimeout)}; 1 to 2147483647 ms are allowed`)
    this.#handshakeTimeout = handshakeTimeout
  }

  /** Connections whose transport lives. */
  get connections(): ReadonlySet<Connection> {
    return this.#connections
  }

  /** Where the own port listens; null when it does not. */
  address(): AddressInfo | string | null {
    return this.#listener?.address() ?? null
  }

  /**
   * Opens a port of its own (0 picks a free one) or a unix socket (a path). Resolves to its address; rejects with the
   * system's error when it cannot be had. Host: `127.0.0.1` unless given.
   */
  listen(portOrPath: number | string = 0, host = '127.0.0.1'): Promise<AddressInfo | string> {
    this.#listener = new Listener(this, this.#handshakeTimeout)
    return this.#listener.listen(portOrPath, host)
  }

  /** Takes the upgrade requests of a `node:http` or `node:https` server; other protocols are left to its other listeners. */
  attach(httpServer: Server | HttpsServer): void {
    httpServer.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
      if (httpServer.listenerCount('upgrade') > 1 && !isUpgradeRequest(request)) return
      this.handleUpgrade(request, stream, head)
    })
    // Without a listener node drops the connection of a CONNECT request and the client is told nothing.
    if (httpServer.listenerCount('connect') === 0) httpServer.on('connect', refuseConnect)
  }

  /** Takes one upgrade request, as node's `'upgrade'` event hands it out. Never throws for what the peer did. */
  handleUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    this.#begin(request, { message: request }, stream, head)
  }

  /** Takes one upgrade request of the own port. @internal */
  onHead(head: RequestHead, text: string, socket: Socket, rest: Buffer): void {
    this.#begin(head, new HeadRequest(text, socket), socket, rest)
  }

  /** @internal */
  onBadHead(error: HandshakeError): void {
    this.#countRefusal(null, error)
  }

  #begin(request: UpgradeRequestHead, source: RequestSource, stream: Duplex, head: Buffer): void {
    guardStream(stream)
    let upgrade: Upgrade
    try {
      if (this.#closing) throw serverClosing()
      if (this.#memory.isSpent) {
        const message = 'no memory for another connection (option maxMemory)'
        throw new HandshakeError(503, 'ERR_WS_MEMORY', message, { 'Retry-After': '5' })
      }
      this.#admission.enter(source, stream)
      upgrade = new Upgrade(checkUpgradeRequest(request), source, stream, head, this)
    } catch (error) {
      const refusal = this.#asRefusal(error)
      this.#countRefusal(source, refusal)
      return refuseStream(stream, refusal, request.method)
    }
    try {
      this.onUpgrade(upgrade)
    } catch (error) {
      this.refuse(upgrade, error)
    }
    if (!upgrade.settled) this.#awaitDecision(upgrade)
  }

  /** Refuses with a HandshakeError as it is; anything else goes to `onError` and out as 500. */
  refuse(upgrade: Upgrade, error: unknown): void {
    const refusal = this.#asRefusal(error)
    if (upgrade.settled) return
    this.#countRefusal(upgrade.source, refusal)
    try {
      upgrade.refuse(refusal)
    } catch (unsendable) {
      upgrade.refuse(this.#asRefusal(unsendable))
    }
  }

  /** Takes what user code threw. */
  reportError(error: unknown): void {
    try {
      if (this.options.onError !== undefined) this.options.onError(error)
      else console.error(error)
    } catch (failure) {
      console.error(failure)
    }
  }

  /** What has been counted since the server was made. */
  stats(): ServerStats {
    let bufferedBytes = 0
    for (const connection of this.#connections) {
      accountMemory(connection)
      bufferedBytes += connection.bufferedAmount
    }
    return {
      connections: this.#connections.size,
      accepted: this.#acceptedCount,
      refused: Object.fromEntries(this.#refused),
      bufferedBytes,
      heldBytes: this.#memory.used,
      ...readTraffic(this.traffic),
    }
  }

  /**
   * Stops: no new connections (503), sessions are told (`draining`) and may go on for `drain`, then Close frames go
   * out spread over `jitter`, and what is left at the `deadline` is cut. Resolves when all are gone, with the counts.
   * What `send` took is written before the Close frame. Rejects with a RangeError or TypeError for options that mean
   * nothing, and goes on serving.
   */
  async shutdown(options: ShutdownOptions = {}): Promise<ShutdownResult> {
    checkShutdownOptions(options)
    this.#closing = true
    this.onDraining(new WebSocketError('ERR_WS_SERVER_CLOSING', 'the server is closing'))
    for (const upgrade of this.#pending) this.refuse(upgrade, serverClosing())
    const stopped = this.#listener?.close(deadlineOf(options))
    const result = await endConnections(this.#connections, options)
    await stopped
    return result
  }

  /** `shutdown` without ceremony: Close 1001 to every peer at once; who does not answer is cut after `closeTimeout`. */
  async close(code?: number, reason?: string): Promise<void> {
    await this.shutdown({ code, reason })
  }

  /** An upgrade that nobody decides on in time is refused. */
  #awaitDecision(upgrade: Upgrade): void {
    const { stream } = upgrade
    const timer = setTimeout(() => {
      const message = `no decision on the request within ${this.#handshakeTimeout} ms`
      this.refuse(upgrade, new HandshakeError(503, 'ERR_WS_HANDSHAKE_TIMEOUT', message, { 'Retry-After': '5' }))
    }, this.#handshakeTimeout)
    const forget = (): void => {
      clearTimeout(timer)
      this.#pending.delete(upgrade)
      stream.off('close', forget)
    }
    this.#pending.add(upgrade)
    upgrade.onSettled = forget
    stream.once('close', forget)
  }

  #decide(upgrade: Upgrade): void {
    const choice = authorizeUpgrade(upgrade, this.options)
    if (choice instanceof Promise) {
      choice.then((subprotocol) => this.#accept(upgrade, subprotocol)).catch((error) => this.refuse(upgrade, error))
    } else {
      this.#accept(upgrade, choice)
    }
  }

  #accept(upgrade: Upgrade, subprotocol: string | undefined): void {
    if (upgrade.settled || upgrade.stream.destroyed) return
    const connection = upgrade.accept({ subprotocol })
    try {
      this.onConnection(connection)
    } catch (error) {
      this.reportError(error)
      connection.fail(CloseCode.INTERNAL_ERROR, 'ERR_WS_CALLBACK_THREW', 'internal error')
    }
  }

  /** Makes the connection of an accepted upgrade; called by `Upgrade.accept`. @internal */
  connect(upgrade: Upgrade, subprotocol: string, codec: MessageCodec | null, limits: ConnectionLimits): Connection {
    this.#acceptedCount++
    const connection = new Connection(upgrade.stream, {
      role: 'server',
      host: this,
      request: upgrade.source,
      head: upgrade.head,
      subprotocol,
      codec,
      limits,
    })
    this.#connections.add(connection)
    if (channels.open.hasSubscribers) channels.open.publish({ connection })
    return connection
  }

  /** @internal */
  onMemoryChange(change: number): void {
    this.#memory.change(change)
  }

  /** @internal */
  onGone(connection: Connection): void {
    this.#connections.delete(connection)
  }

  #countRefusal(source: RequestSource | null, error: HandshakeError): void {
    this.#refused.set(error.status, (this.#refused.get(error.status) ?? 0) + 1)
    if (channels.refusal.hasSubscribers) channels.refusal.publish({ request: source?.message ?? null, error })
  }

  #asRefusal(error: unknown): HandshakeError {
    if (error instanceof HandshakeError) return error
    this.reportError(error)
    return new HandshakeError(500, 'ERR_WS_INTERNAL', 'internal error')
  }
}

function serverClosing(): HandshakeError {
  return new HandshakeError(503, 'ERR_WS_SERVER_CLOSING', 'the server is closing', { 'Retry-After': '1' })
}

function refuseConnect(_request: IncomingMessage, stream: Duplex): void {
  refuseStream(stream, new HandshakeError(405, 'ERR_WS_METHOD', 'method CONNECT, must be GET', { Allow: 'GET' }))
}

function answerUpgradeRequired(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(426, {
    Connection: 'close, Upgrade',
    Upgrade: 'websocket',
    'Content-Type': 'text/plain; charset=utf-8',
  })
  response.end('this server speaks WebSocket: send an upgrade request (RFC 6455)\n')
}
