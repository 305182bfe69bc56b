import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Http2SecureServer } from 'node:http2'
import type { Server as HttpsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { Server as TlsServer } from 'node:tls'
import { HandshakeError } from '../core/errors.ts'
import { isUpgradeRequest } from '../handshake/upgrade-request.ts'
import { isTaken, noteUpgrade } from './shared-stream.ts'
import { refuseStream } from './upgrade.ts'

/** An HTTP server of the user; an http2 server with `allowHTTP1` for its HTTP/1.1 connections. */
export type AnyHttpServer = Server | HttpsServer | Http2SecureServer

/** One of the servers that are attached to an HTTP server. */
export interface AttachedServer {
  /** Whether it has something at the path of the request; `null` when only its app can tell. */
  claims(request: IncomingMessage): boolean | null
  /** Handles an upgrade request. With `isShared`, what it does not accept is left to other listeners. */
  begin(request: IncomingMessage, stream: Duplex, head: Buffer, isShared: boolean): void
  /** Leaves an upgrade request to other listeners, and refuses it when none of them answers in time. */
  leave(stream: Duplex, error: HandshakeError): void
}

const attachments = new WeakMap<AnyHttpServer, Attachment>()

/** Passes the upgrade requests of an HTTP server to `member`, to earlier members first. */
export function attachTo(httpServer: AnyHttpServer, member: AttachedServer): void {
  let attachment = attachments.get(httpServer)
  if (attachment === undefined) {
    attachment = new Attachment(httpServer)
    attachments.set(httpServer, attachment)
  }
  attachment.add(member)
}

/**
 * All servers of this package on one HTTP server: they share one listener, and the HTTP server with the listeners of
 * others, such as the hot reload of a development server (RFC 6455 §4.2). Who has something at a path accepts; a
 * request that nobody here claims is answered only when there is no other listener.
 */
class Attachment {
  readonly #httpServer: AnyHttpServer
  readonly #members: AttachedServer[] = []

  constructor(httpServer: AnyHttpServer) {
    this.#httpServer = httpServer
    const events = httpServer as Server
    // First of all: what earlier listeners write must not look like bytes of an earlier response.
    events.prependListener('upgrade', (_request: IncomingMessage, stream: Duplex) => noteUpgrade(stream))
    events.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) =>
      this.#onUpgrade(request, stream, head),
    )
    // Without a listener node closes the connection of a CONNECT request and sends no response.
    if (events.listenerCount('connect') === 0) events.on('connect', refuseConnect)
  }

  add(member: AttachedServer): void {
    this.#members.push(member)
  }

  get #isShared(): boolean {
    return this.#httpServer.listenerCount('upgrade') > 2
  }

  #onUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    if (isTaken(stream)) return
    const isUpgrade = isUpgradeRequest(request)
    const owner = isUpgrade ? this.#members.find((member) => member.claims(request) === true) : undefined
    if (owner !== undefined) return owner.begin(request, stream, head, false)
    if (!this.#isShared) return this.#handleUnclaimed(request, stream, head, isUpgrade, false)
    // Other listeners decide within this event; what they leave alone is handled after it.
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
    if (app !== undefined) app.begin(request, stream, head, isShared)
    else if (isShared) this.#members[0].leave(stream, notFound)
    else this.#members[0].begin(request, stream, head, false)
  }
}

const notFound = new HandshakeError(404, 'ERR_WS_NOT_FOUND', 'there is nothing at this address')

const ignore = (): void => {}

/**
 * Hands a request back to its HTTP server as an ordinary one: RFC 9110 §7.8 lets a server ignore `Upgrade`. Node has
 * detached its parser from the stream, so that the head is written again, without the field.
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

/** Refuses CONNECT. The second argument is a response for HTTP/2, which has no stream of its own to end. */
function refuseConnect(request: IncomingMessage, stream: Duplex | ServerResponse): void {
  if (request.httpVersionMajor >= 2) (stream as ServerResponse).writeHead(405, { Allow: 'GET' }).end()
  else {
    const error = new HandshakeError(405, 'ERR_WS_METHOD', 'method CONNECT, must be GET', { Allow: 'GET' })
    refuseStream(stream as Duplex, error)
  }
}
