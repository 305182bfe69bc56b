/** The base class of all errors that this package defines. `code` is stable and listed in docs/reference/errors.md. */
export class WebSocketError extends Error {
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/** A violation of the protocol by the peer: the connection is failed with `closeCode` (RFC 6455 §7.1.7). */
export class ProtocolError extends WebSocketError {
  readonly closeCode: number
  /** The value found: an opcode, the length of a control frame or a close code; null for other violations. */
  readonly detail: number | null

  constructor(closeCode: number, code: string, message: string, detail: number | null = null) {
    super(code, message)
    this.closeCode = closeCode
    this.detail = detail
  }
}

/** An opening handshake that is refused with an HTTP response (RFC 6455 §4.2.2). */
export class HandshakeError extends WebSocketError {
  /** The HTTP status, 300–599. */
  readonly status: number
  /** Header fields of the response, in addition to `Connection`, `Content-Type` and `Content-Length`. */
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(code, message)
    this.status = status
    this.headers = headers
  }
}
