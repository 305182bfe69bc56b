import type { IncomingMessage } from 'node:http'
import type { ConnectionLimits } from '../connection/limits.ts'
import type { DeflateOptions } from '../deflate/options.ts'
import type { AdmissionOptions } from './admission.ts'

/** An HTTP answer that refuses an upgrade request. */
export interface Refusal {
  /** 300–599. */
  status: number
  headers?: Record<string, string>
  /** Plain text. Default: the status and its name. */
  body?: string
}

/** What is decided before the 101 (RFC 6455 §4.2.2). */
export interface UpgradePolicy {
  /**
   * Foreign origins that are let in besides the server's own, as `scheme://host[:port]` or `'null'`, compared whole;
   * `'*'` lets every origin in. Requests without `Origin` do not come from browsers and are let in. Default: none.
   */
  origins?: '*' | readonly string[]
  /** Called after the origin check; returns nothing to accept, or the answer that refuses. May be async. */
  authorize?: (request: IncomingMessage) => Refusal | undefined | void | Promise<Refusal | undefined | void>
  /** Subprotocols spoken here. The client's favourite among them is chosen; none when it offers none of them. */
  subprotocols?: readonly string[]
}

/** Options of a server: the policy of every upgrade, the limits of every connection and of all together. */
export interface ServerOptions extends UpgradePolicy, AdmissionOptions, Partial<ConnectionLimits> {
  /**
   * Bytes that all connections together may hold in buffers and queues. When they are spent new connections get 503
   * with `Retry-After`, and those that hold most are closed with 1013. Default: a quarter of the heap's limit.
   */
  maxMemory?: number
  /** Milliseconds for the opening handshake, the decision of `authorize` included; then it is refused. Default 10 s. */
  handshakeTimeout?: number
  /** Takes what callbacks and views throw. Default: writes it to standard error. */
  onError?: (error: unknown) => void
  /**
   * Compresses messages (permessage-deflate, RFC 7692) where the client offers it; `true` for its default options.
   * Default: false. It costs CPU and memory, and the length of a compressed message tells about its content when an
   * attacker can choose a part of it (CRIME): turn it on for text in the kilobytes over slow networks, and send
   * secrets with `compress: false`.
   */
  deflate?: boolean | DeflateOptions
}
