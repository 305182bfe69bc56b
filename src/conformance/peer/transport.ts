import type { Duplex } from 'node:stream'

/** A connection to the target: TCP, TLS, or an HTTP/2 stream. */
export interface Transport {
  stream: Duplex
  /** Resets the connection (RST on TCP). */
  reset(): void
  /** Whether an end that appeared to be orderly was a reset. Must be called before the tester sends FIN. */
  isReset?(): boolean
}
