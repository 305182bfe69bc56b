import type { Duplex } from 'node:stream'

/** A connection to the target: TCP, TLS, or a stream of another transport. */
export interface Transport {
  stream: Duplex
  /** Ends the connection without an orderly end (RST on TCP). */
  reset(): void
  /** Whether an end that arrived as an orderly one was a reset; asked while our side is open. */
  isReset?(): boolean
}
