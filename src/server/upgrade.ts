import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Connection } from '../connection/connection.ts'
import type { RequestSource } from '../connection/host.ts'
import { type ConnectionLimits, readLimits } from '../connection/limits.ts'
import { type HandshakeError, WebSocketError } from '../core/errors.ts'
import type { MessageCodec } from '../core/message-codec.ts'
import { DeflateCodec } from '../deflate/codec.ts'
import { negotiate } from '../deflate/offer.ts'
import type { ResolvedDeflateOptions } from '../deflate/options.ts'
import type { HeaderFields } from '../handshake/header-field.ts'
import type { UpgradeRequest } from '../handshake/upgrade-request.ts'
import { formatAccept, formatRefusal } from '../handshake/upgrade-response.ts'

/** What the acceptor of an upgrade may choose. */
export interface AcceptOptions {
  /** One of `subprotocols`; none when left out (RFC 6455 §4.2.2). */
  subprotocol?: string
  /** Fields of the 101 besides those of the handshake. */
  headers?: HeaderFields
  /** Limits of this connection, over those of its server. */
  limits?: Partial<ConnectionLimits>
}

/** What a server lends to its upgrades. */
export interface UpgradeHost {
  /** permessage-deflate as the server offers it, null for not at all. */
  readonly deflate: ResolvedDeflateOptions | null
  /** The limits of its connections. */
  readonly limits: ConnectionLimits
  /** Makes the connection of an accepted upgrade. */
  connect(upgrade: Upgrade, subprotocol: string, codec: MessageCodec | null, limits: ConnectionLimits): Connection
}

/** How long a refused peer may take to read its answer, in milliseconds. */
const ANSWER_TIMEOUT = 5_000

const nothing = (): void => {}

/** A checked upgrade request that waits for a decision: `accept` or `refuse`, once (RFC 6455 §4.2.2). */
export class Upgrade {
  /** Where the request is to be had. */
  readonly source: RequestSource
  /** Whether the client came by TLS. */
  readonly secure: boolean
  /** The stream the request came on; bytes that came behind the request are `head`. */
  readonly stream: Duplex
  readonly head: Buffer
  readonly #handshake: UpgradeRequest
  readonly #host: UpgradeHost
  #settled = false
  /** Called once, when it is accepted, refused or released. */
  onSettled: () => void = nothing

  constructor(handshake: UpgradeRequest, source: RequestSource, stream: Duplex, head: Buffer, host: UpgradeHost) {
    this.source = source
    this.secure = (stream as Partial<TLSSocket>).encrypted === true
    this.stream = stream
    this.head = head
    this.#handshake = handshake
    this.#host = host
  }

  /** The subprotocols that the client offers, its favourite first. */
  get subprotocols(): readonly string[] {
    return this.#handshake.subprotocols
  }

  /** The `Origin` field, `null` without one. */
  get origin(): string | null {
    return this.#handshake.origin
  }

  /** The `Host` field. */
  get host(): string {
    return this.#handshake.host
  }

  /** The upgrade request. */
  get request(): IncomingMessage {
    return this.source.message
  }

  /** Whether it was accepted or refused. */
  get settled(): boolean {
    return this.#settled
  }

  /**
   * Answers 101 and makes the connection; what arrives is delivered after the current tick. Throws a WebSocketError
   * when it is settled, a TypeError for a subprotocol that was not offered or a header field that cannot be sent, a
   * RangeError for a limit that is not a positive number.
   */
  accept({ subprotocol, headers, limits }: AcceptOptions = {}): Connection {
    if (subprotocol !== undefined && !this.subprotocols.includes(subprotocol)) {
      const offered = this.subprotocols.join(', ') || 'none'
      throw new TypeError(`subprotocol ${JSON.stringify(subprotocol)} was not offered; offered: ${offered}`)
    }
    const { deflate, limits: serverLimits } = this.#host
    const ownLimits = limits === undefined ? serverLimits : readLimits(limits, serverLimits)
    const agreement = deflate === null ? null : negotiate(this.#handshake.extensions, deflate)
    const answer = formatAccept({ key: this.#handshake.key, subprotocol, extensions: agreement?.response, headers })
    this.#settle()
    this.stream.write(answer, 'latin1')
    const codec =
      agreement === null
        ? null
        : new DeflateCodec({ role: 'server', parameters: agreement.parameters, options: deflate! })
    return this.#host.connect(this, subprotocol ?? '', codec, ownLimits)
  }

  /**
   * Answers with the error's status and message; the stream is destroyed when the answer is out. Throws a
   * WebSocketError when it is settled, a TypeError for a header field that cannot be sent.
   */
  refuse(error: HandshakeError): void {
    const answer = formatRefusal(error)
    this.#settle()
    endAnswer(this.stream, answer)
  }

  /** Hands the stream to who answers by other means; writing the answer and `endAnswer` are theirs. */
  release(): Duplex {
    this.#settle()
    return this.stream
  }

  #settle(): void {
    if (this.#settled) throw new WebSocketError('ERR_WS_UPGRADE_SETTLED', 'the upgrade was accepted or refused before')
    this.#settled = true
    this.onSettled()
  }
}

/** Refuses a request that never became an upgrade. */
export function refuseStream(stream: Duplex, error: HandshakeError, method?: string): void {
  endAnswer(stream, formatRefusal(error, method))
}

/**
 * Ends a stream after an HTTP answer, or the rest of one, and destroys it once that is out. What the peer sends is
 * discarded meanwhile: bytes behind a refused upgrade are never read as a request (RFC 9112 §9.6).
 */
export function endAnswer(stream: Duplex, rest: Buffer | string = ''): void {
  stream.on('error', () => stream.destroy())
  stream.resume()
  const timer = setTimeout(() => stream.destroy(), ANSWER_TIMEOUT)
  timer.unref()
  stream.once('close', () => clearTimeout(timer))
  // Destroying at once would answer unread input with a reset, which can take the answer from the peer.
  stream.end(rest, () => stream.once('end', () => stream.destroy()))
}
