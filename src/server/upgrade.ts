import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Connection } from '../connection/connection.ts'
import { type HandshakeError, WebSocketError } from '../core/errors.ts'
import type { HeaderFields } from '../handshake/header-field.ts'
import type { UpgradeRequest } from '../handshake/upgrade-request.ts'
import { formatAccept, formatRefusal } from '../handshake/upgrade-response.ts'

/** What the acceptor of an upgrade may choose. */
export interface AcceptOptions {
  /** One of `subprotocols`; none when left out (RFC 6455 §4.2.2). */
  subprotocol?: string
  /** Fields of the 101 besides those of the handshake. */
  headers?: HeaderFields
}

/** Makes the connection of an accepted upgrade. */
export type Accept = (upgrade: Upgrade, subprotocol: string) => Connection

/** How long a refused peer may take to read its answer, in milliseconds. */
const REFUSAL_TIMEOUT = 1_000

/** A checked upgrade request that waits for a decision: `accept` or `refuse`, once (RFC 6455 §4.2.2). */
export class Upgrade {
  readonly request: IncomingMessage
  /** The subprotocols that the client offers, its favourite first. */
  readonly subprotocols: readonly string[]
  /** The `Origin` field, `null` without one. */
  readonly origin: string | null
  /** The `Host` field. */
  readonly host: string
  /** Whether the client came by TLS. */
  readonly secure: boolean
  /** The stream the request came on; bytes that came behind the request are `head`. */
  readonly stream: Duplex
  readonly head: Buffer
  readonly #handshake: UpgradeRequest
  readonly #connect: Accept
  #settled = false

  constructor(handshake: UpgradeRequest, request: IncomingMessage, stream: Duplex, head: Buffer, connect: Accept) {
    this.request = request
    this.subprotocols = handshake.subprotocols
    this.origin = handshake.origin
    this.host = handshake.host
    this.secure = (stream as Partial<TLSSocket>).encrypted === true
    this.stream = stream
    this.head = head
    this.#handshake = handshake
    this.#connect = connect
  }

  /** Whether it was accepted or refused. */
  get settled(): boolean {
    return this.#settled
  }

  /**
   * Answers 101 and makes the connection; what arrives is delivered after the current tick. Throws a WebSocketError
   * when it is settled, a TypeError for a subprotocol that was not offered or a header field that cannot be sent.
   */
  accept({ subprotocol, headers }: AcceptOptions = {}): Connection {
    if (subprotocol !== undefined && !this.subprotocols.includes(subprotocol)) {
      const offered = this.subprotocols.join(', ') || 'none'
      throw new TypeError(`subprotocol ${JSON.stringify(subprotocol)} was not offered; offered: ${offered}`)
    }
    const answer = formatAccept({ key: this.#handshake.key, subprotocol, headers })
    this.#settle()
    this.stream.write(answer, 'latin1')
    return this.#connect(this, subprotocol ?? '')
  }

  /** Answers with the error's status and message; the stream is destroyed when the answer is out. */
  refuse(error: HandshakeError): void {
    this.#settle()
    refuseStream(this.stream, error, this.request.method)
  }

  /** Hands the stream to who answers by other means; writing the answer and ending the stream is theirs. */
  release(): Duplex {
    this.#settle()
    return this.stream
  }

  #settle(): void {
    if (this.#settled) throw new WebSocketError('ERR_WS_UPGRADE_SETTLED', 'the upgrade was accepted or refused before')
    this.#settled = true
  }
}

/**
 * Writes a whole HTTP refusal and destroys the stream once it is out. What the peer sends is discarded meanwhile:
 * bytes behind a refused upgrade are never read as a request.
 */
export function refuseStream(stream: Duplex, error: HandshakeError, method = 'GET'): void {
  stream.on('error', () => stream.destroy())
  stream.resume()
  const timer = setTimeout(() => stream.destroy(), REFUSAL_TIMEOUT)
  stream.once('close', () => clearTimeout(timer))
  // Destroying at once would answer unread input with a reset, which can take the answer from the peer.
  stream.end(formatRefusal(error, method), () => stream.once('end', () => stream.destroy()))
}
