import type { IncomingMessage } from 'node:http'
import type { Duplex, Writable } from 'node:stream'
import type { Connection } from '../connection/connection.ts'
import type { ConnectionSetup } from '../connection/host.ts'
import { type ConnectionLimits, type LimitOptions, readLimits } from '../connection/limits.ts'
import { CloseCode } from '../core/close-code.ts'
import { type HandshakeError, WebSocketError } from '../core/errors.ts'
import { DeflateCodec } from '../deflate/codec.ts'
import { negotiate } from '../deflate/offer.ts'
import type { ResolvedDeflateOptions } from '../deflate/options.ts'
import type { HeaderFields } from '../handshake/header-field.ts'
import type { UpgradeRequest } from '../handshake/upgrade-request.ts'
import { isEncrypted } from '../transport/http2-stream.ts'
import { DeferredHead } from './deferred-head.ts'
import { prepareAccept, prepareRefusal, responseWriter } from './upgrade-reply.ts'

/** Options for accepting an upgrade. */
export interface AcceptOptions {
  /** The selected subprotocol, one of `Upgrade.subprotocols` (RFC 6455 §4.2.2). Default: none. */
  subprotocol?: string | undefined
  /** Header fields of the 101 response, in addition to those of the handshake, such as `Set-Cookie`. Default: none. */
  headers?: HeaderFields | undefined
  /** Limits of this connection, which override those of the server. Default: the limits of the server. */
  limits?: LimitOptions | undefined
}

/** The part of a server that an upgrade belongs to. */
export interface UpgradeHost {
  /** The options of permessage-deflate; null to decline the extension. */
  readonly deflate: ResolvedDeflateOptions | null
  /** The limits of the server's connections. */
  readonly limits: ConnectionLimits
  /** Opens the connection of an accepted upgrade. */
  open(stream: Duplex, setup: Omit<ConnectionSetup, 'role' | 'host'>): Connection
  /** Returns the client's address. Behind trusted proxies, this is the address that they forward. */
  addressOf(request: IncomingMessage): string
  /** Returns a HandshakeError unchanged. Reports any other error and returns a HandshakeError with status 500. */
  toRefusal(error: unknown): HandshakeError
  /** Passes an error to `onError`. Never throws. */
  reportError(error: unknown): void
  /** Called when an upgrade has been refused. */
  onRefused(request: IncomingMessage, error: HandshakeError): void
  /** Called when an upgrade is left to other listeners, before `onSettled`. */
  onLeft(upgrade: Upgrade, error: HandshakeError): void
  /** Called once when an upgrade has been accepted, refused, left or released. */
  onSettled(upgrade: Upgrade): void
}

let releaseOf: (upgrade: Upgrade) => Writable
let refuseOf: (upgrade: Upgrade, error: unknown) => void
let acceptLaterOf: (upgrade: Upgrade, options: AcceptOptions, readFields: () => HeaderFields) => Opening
let declineOf: (upgrade: Upgrade, error: unknown) => void

/** A valid upgrade request that waits for a decision. Call `accept` or `refuse` once (RFC 6455 §4.2.2). */
export class Upgrade {
  /** Whether the request arrived over TLS. */
  readonly secure: boolean
  /** Whether other listeners of the HTTP server may respond to the request when this server does not accept it. */
  readonly shared: boolean
  /** The socket of the request, or its HTTP/2 stream. */
  readonly stream: Duplex
  /** The upgrade request. */
  readonly request: IncomingMessage
  readonly #handshake: UpgradeRequest
  readonly #head: Buffer
  readonly #host: UpgradeHost
  #settled = false

  static {
    releaseOf = (upgrade) => upgrade.#release()
    refuseOf = (upgrade, error) => upgrade.#refusePending(error)
    declineOf = (upgrade, error) => upgrade.#decline(error)
    acceptLaterOf = (upgrade, options, readFields) => upgrade.#acceptLater(options, readFields)
  }

  /** @param head Bytes that followed the request head. */
  constructor(
    handshake: UpgradeRequest,
    request: IncomingMessage,
    stream: Duplex,
    head: Buffer,
    host: UpgradeHost,
    shared = false,
  ) {
    this.shared = shared
    this.secure = isEncrypted(stream)
    this.stream = stream
    this.#handshake = handshake
    this.request = request
    this.#head = head
    this.#host = host
  }

  /** The subprotocols that the client requests, in order of preference. */
  get subprotocols(): readonly string[] {
    return this.#handshake.subprotocols
  }

  /** The `Origin` field; null when there is none. */
  get origin(): string | null {
    return this.#handshake.origin
  }

  /** The `Host` field. */
  get host(): string {
    return this.#handshake.host
  }

  /** The client's address. Behind `trustedProxies`, this is the address that they forward. */
  get clientAddress(): string {
    return this.#host.addressOf(this.request)
  }

  /** Whether the upgrade was accepted, refused or left to other listeners. */
  get settled(): boolean {
    return this.#settled
  }

  /**
   * Sends the 101 response, or 200 over HTTP/2, and returns the connection. Messages are delivered after the current
   * tick.
   *
   * @throws {WebSocketError} `ERR_WS_UPGRADE_SETTLED` when the upgrade is already settled.
   * @throws {TypeError} when the subprotocol was not requested, a header field cannot be sent or a limit has the wrong
   *   type.
   * @throws {RangeError} when a limit is not allowed.
   */
  accept(options: AcceptOptions = {}): Connection {
    const { sendHead, open } = this.#prepare(options)
    sendHead()
    return open()
  }

  #acceptLater(options: AcceptOptions, readFields: () => HeaderFields): Opening {
    const { sendHead, open } = this.#prepare(options)
    const connection = open()
    const deferred = new DeferredHead(this.stream, () => {
      try {
        sendHead(readFields())
      } catch (error) {
        this.#host.reportError(error)
        sendHead()
        // The connection is failed later, because this may run while a frame is being written.
        queueMicrotask(() => connection.fail(CloseCode.INTERNAL_ERROR, 'ERR_WS_CALLBACK_THREW', 'internal error'))
      }
    })
    return { connection, sendHead: () => deferred.send() }
  }

  /** Settles the upgrade. The caller sends the head and opens the connection. */
  #prepare({ subprotocol, headers, limits }: AcceptOptions): PreparedUpgrade {
    if (subprotocol !== undefined && !this.subprotocols.includes(subprotocol)) {
      const offered = this.subprotocols.join(', ') || 'none'
      throw new TypeError(`subprotocol is ${JSON.stringify(subprotocol)}; allowed: ${offered}`)
    }
    const { deflate, limits: serverLimits } = this.#host
    const ownLimits = limits === undefined ? serverLimits : readLimits(limits, serverLimits)
    const agreement = deflate === null ? null : negotiate(this.#handshake.extensions, deflate)
    const { key } = this.#handshake
    const sendHead = prepareAccept(this.stream, { key, subprotocol, extensions: agreement?.response, headers })
    this.#settle()
    const open = (): Connection => {
      const codec =
        agreement === null
          ? null
          : new DeflateCodec({ role: 'server', parameters: agreement.parameters, options: deflate! })
      return this.#host.open(this.stream, {
        request: this.request,
        head: this.#head,
        subprotocol: subprotocol ?? '',
        codec,
        limits: ownLimits,
      })
    }
    return { sendHead, open }
  }

  /**
   * Refuses the request with an HTTP response, then destroys the stream. A HandshakeError determines the status, the
   * header fields and the body of the response. Any other error is passed to `onError`, and the client gets 500.
   *
   * @throws {WebSocketError} `ERR_WS_UPGRADE_SETTLED` when the upgrade is already settled.
   */
  refuse(error: unknown): void {
    this.#settle()
    let refusal = this.#host.toRefusal(error)
    let sendResponse: () => void
    try {
      sendResponse = prepareRefusal(this.stream, refusal)
    } catch (unsendable) {
      refusal = this.#host.toRefusal(unsendable)
      sendResponse = prepareRefusal(this.stream, refusal)
    }
    this.#host.onRefused(this.request, refusal)
    sendResponse()
  }

  #refusePending(error: unknown): void {
    if (this.#settled) this.#host.toRefusal(error)
    else this.refuse(error)
  }

  #decline(error: unknown): void {
    if (!this.shared) return this.#refusePending(error)
    const refusal = this.#host.toRefusal(error)
    if (this.#settled) return
    this.#host.onLeft(this, refusal)
    this.#settle()
  }

  #release(): Writable {
    this.#settle()
    return responseWriter(this.stream)
  }

  #settle(): void {
    if (this.#settled) throw new WebSocketError('ERR_WS_UPGRADE_SETTLED', 'the upgrade was already accepted or refused')
    this.#settled = true
    this.#host.onSettled(this)
  }
}

/** A settled upgrade. */
interface PreparedUpgrade {
  readonly sendHead: (fields?: HeaderFields) => void
  readonly open: () => Connection
}

/** An accepted upgrade whose 101 response may not have been sent. */
export interface Opening {
  readonly connection: Connection
  /** Sends the 101 response now, with the header fields of the application. */
  sendHead(): void
}

/**
 * Accepts an upgrade like `upgrade.accept`, but sends the 101 response on `sendHead` or before the first frame. Header
 * fields that a 101 response must not have are left out.
 *
 * @param readFields Returns the header fields of the application at that time. When it throws, or a field cannot be
 *   sent, the error is reported, and the connection is closed with 1011 after a response without these fields.
 */
export function acceptLater(upgrade: Upgrade, options: AcceptOptions, readFields: () => HeaderFields): Opening {
  return acceptLaterOf(upgrade, options, readFields)
}

/** Refuses an upgrade unless it is settled. An error that is not a HandshakeError is always reported. */
export function refusePending(upgrade: Upgrade, error: unknown): void {
  refuseOf(upgrade, error)
}

/** Refuses an upgrade that no view of this server handles. A shared one is left to other listeners. */
export function declineUpgrade(upgrade: Upgrade, error: unknown): void {
  declineOf(upgrade, error)
}

/** Settles an upgrade and returns its stream. The caller writes the response as text and calls `endResponse`. */
export function releaseUpgrade(upgrade: Upgrade): Writable {
  return releaseOf(upgrade)
}

/** Refuses a request that did not become an `Upgrade`. */
export function refuseStream(stream: Duplex, error: HandshakeError, method?: string): void {
  prepareRefusal(stream, error, method)()
}
