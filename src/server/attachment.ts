import { IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Http2SecureServer, Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { Server as HttpsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { Server as TlsServer } from 'node:tls'
import { EMPTY } from '../core/empty.ts'
import { HandshakeError } from '../core/errors.ts'
import { readExtendedConnect } from '../handshake/extended-connect.ts'
import { isUpgradeRequest, type UpgradeRequestHead } from '../handshake/upgrade-request.ts'
import { isAllowed, objectWith } from '../options/option-rule.ts'
import { describe } from '../options/read-options.ts'
import { socketOf } from './http2-socket.ts'
import { completeMessage } from './request-message.ts'
import { isTaken, noteUpgrade } from './shared-stream.ts'
import { refuseStream } from './upgrade.ts'

/** The user's server: from `node:http`, `node:https` or `node:http2` (with or without `allowHTTP1`). */
export type AnyHttpServer = Server | HttpsServer | Http2SecureServer | Http2Server

/** The arguments of the `'stream'` event of an http2 server. Node's types lack the last one. */
type StreamArguments = [stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, rawHeaders: string[]]

function isHttp2Server(httpServer: AnyHttpServer): httpServer is Http2SecureServer | Http2Server {
  return 'updateSettings' in httpServer
}

/** A dwebsocket server that is attached to an HTTP server. */
export interface AttachedServer {
  /** Returns whether the server has a view at the path of the request; null when only its app can tell. */
  claims(request: IncomingMessage): boolean | null
  /**
   * Handles an upgrade request or an extended CONNECT request. With `isShared`, a request that is not accepted is left
   * to other listeners.
   */
  begin(request: UpgradeRequestHead, message: IncomingMessage, stream: Duplex, head: Buffer, isShared: boolean): void
  /** Leaves an upgrade request to other listeners, and refuses it when none of them responds in time. */
  leave(stream: Duplex, error: HandshakeError): void
}

const attachments = new WeakMap<AnyHttpServer, Attachment>()

/** An Express or Koa app also has `listen` and emits events, but has no address and never emits `'upgrade'`. */
const httpServerRule = objectWith(null, 'a server of node:http, node:https or node:http2', [
  'prependListener',
  'address',
])

/**
 * Passes the upgrade requests of an HTTP server to `member`. Servers attached earlier go first.
 *
 * @throws {TypeError} when `httpServer` is not a server.
 */
export function attachTo(httpServer: AnyHttpServer, member: AttachedServer): void {
  if (!isAllowed(httpServerRule, httpServer)) {
    throw new TypeError(`httpServer is ${describe(httpServer)}; allowed: ${httpServerRule.allowed}`)
  }
  let attachment = attachments.get(httpServer)
  if (attachment === undefined) {
    attachment = new Attachment(httpServer)
    attachments.set(httpServer, attachment)
  }
  attachment.add(member)
}

/**
 * All dwebsocket servers that are attached to one HTTP server. They share one listener. The HTTP server may have
 * listeners from other packages, such as the hot reload of a development server (RFC 6455 §4.2). The server that has a
 * view at the path accepts the request. A request for a path without a view is refused only when there are no other
 * listeners.
 */
class Attachment {
  readonly #httpServer: AnyHttpServer
  readonly #members: AttachedServer[] = []

  constructor(httpServer: AnyHttpServer) {
    this.#httpServer = httpServer
    const events = httpServer as Server
    // Runs before other listeners, so that what they write is not attributed to an earlier response.
    events.prependListener('upgrade', (_request: IncomingMessage, stream: Duplex) => noteUpgrade(stream))
    events.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) =>
      this.#onUpgrade(request, stream, head),
    )
    // Without a listener, Node closes the connection of a CONNECT request and sends no response.
    if (events.listenerCount('connect') === 0) events.on('connect', refuseConnect)
    if (isHttp2Server(httpServer)) this.#allowExtendedConnect(httpServer)
  }

  add(member: AttachedServer): void {
    this.#members.push(member)
  }

  get #isShared(): boolean {
    return this.#httpServer.listenerCount('upgrade') > 2
  }

  /** RFC 8441 §3: SETTINGS_ENABLE_CONNECT_PROTOCOL tells clients that extended CONNECT is supported. */
  #allowExtendedConnect(httpServer: Http2SecureServer | Http2Server): void {
    httpServer.updateSettings({ enableConnectProtocol: true })
    const onStream = (...[stream, , , rawHeaders]: StreamArguments): void => this.#onStream(stream, rawHeaders)
    ;(httpServer as Http2Server).on('stream', onStream as never)
  }

  #onStream(stream: ServerHttp2Stream, rawHeaders: readonly string[]): void {
    const connect = readExtendedConnect(rawHeaders, stream.endAfterHeaders)
    if (connect === null || isTaken(stream)) return
    const message = completeMessage(new IncomingMessage(socketOf(stream)), connect)
    const begin = (member: AttachedServer, isShared: boolean): void =>
      member.begin(connect, message, stream, EMPTY, isShared)
    const owner = this.#members.find((member) => member.claims(message) === true)
    if (owner !== undefined) return begin(owner, false)
    const member = this.#members.find((it) => it.claims(message) === null) ?? this.#members[0]
    if (!this.#isSharedForStreams) return begin(member, false)
    stream.on('error', ignore)
    setImmediate(() => {
      if (!isTaken(stream)) begin(member, true)
    })
  }

  /**
   * Whether there are `'stream'` listeners besides the one of this class and the one with which Node emits `'request'`.
   */
  get #isSharedForStreams(): boolean {
    const events = this.#httpServer as Http2Server
    const isCompatible = events.listenerCount('request') > 0
    const others = events.listenerCount('connect') - events.listenerCount('connect', refuseConnect)
    return others > 0 || events.listenerCount('stream') > (isCompatible ? 2 : 1)
  }

  #onUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    if (isTaken(stream)) return
    const isUpgrade = isUpgradeRequest(request)
    const owner = isUpgrade ? this.#members.find((member) => member.claims(request) === true) : undefined
    if (owner !== undefined) return owner.begin(request, request, stream, head, false)
    if (!this.#isShared) return this.#handleUnclaimed(request, stream, head, isUpgrade, false)
    // Other listeners decide during this event. Requests that they ignore are handled after it.
    stream.on('error', ignore)
    setImmediate(() => {
      if (!isTaken(stream)) this.#handleUnclaimed(request, stream, head, isUpgrade, true)
    })
  }

  #handleUnclaimed(
    request: IncomingMessage,
    stream: Duplex,
    head: Buffer,
    isUpgrade: boolean,
    isShared: boolean,
  ): void {
    if (!isUpgrade) return replayAsPlain(this.#httpServer, request, stream, head)
    const app = this.#members.find((member) => member.claims(request) === null)
    if (app !== undefined) app.begin(request, request, stream, head, isShared)
    else if (isShared) this.#members[0].leave(stream, notFound)
    else this.#members[0].begin(request, request, stream, head, false)
  }
}

const notFound = new HandshakeError(404, 'ERR_WS_NOT_FOUND', 'nothing is served at this path')

const ignore = (): void => {}

/**
 * Passes a request back to its HTTP server as a plain request, because RFC 9110 §7.8 lets a server ignore `Upgrade`.
 * Node has detached its parser from the stream, so the request head is written again, without that field.
 */
function replayAsPlain(httpServer: AnyHttpServer, request: IncomingMessage, stream: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i].toLowerCase() !== 'upgrade') text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`
  }
  stream.pause()
  httpServer.emit(httpServer instanceof TlsServer ? 'secureConnection' : 'connection', stream)
  stream.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]))
  stream.resume()
}

/** Refuses CONNECT. Over HTTP/2, the second argument is a response. `#onStream` handles extended CONNECT. */
function refuseConnect(request: IncomingMessage, stream: Duplex | ServerResponse): void {
  if (request.headers[':protocol'] !== undefined) return
  if (request.httpVersionMajor >= 2) (stream as ServerResponse).writeHead(405, { Allow: 'GET' }).end()
  else {
    const error = new HandshakeError(405, 'ERR_WS_METHOD', 'method is "CONNECT"; allowed: GET', { Allow: 'GET' })
    refuseStream(stream as Duplex, error)
  }
}
