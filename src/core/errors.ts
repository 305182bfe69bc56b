/** The base class of all errors that this package defines. `code` is stable and listed in docs/reference/errors.md. */
export class WebSocketError extends Error {
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/**
 * The reason why this side fails a connection with `closeCode`, usually a violation of the protocol by the peer (RFC
 * 6455 §7.1.7).
 */
export class ProtocolError extends WebSocketError {
  readonly closeCode: number
  /** The value found: an opcode, the payload length of a control frame, or a close code; null for other violations. */
  readonly detail: number | null

  constructor(closeCode: number, code: string, message: string, detail: number | null = null) {
    super(code, message)
    this.closeCode = closeCode
    this.detail = detail
  }
}

/**
 * An opening handshake that failed: the server refuses the request with an HTTP response (RFC 6455 §4.2.2), or the
 * client does not accept the response (§4.1).
 */
export class HandshakeError extends WebSocketError {
  /**
   * The HTTP status of the refusal, 300–599. On a client, the status of the response, or 502 when the response accepts
   * the handshake but is invalid.
   */
  readonly status: number
  /**
   * Header fields of the refusal, in addition to `Connection`, `Date`, `Content-Type` and `Content-Length`. Empty on a
   * client.
   */
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(code, message)
    this.status = status
    this.headers = headers
  }
}
