import type { Duplex } from 'node:stream'

/** Thrown when a connection does not open in time: the target may only be slow. */
export class OpenTimeout extends Error {}

/** A connection to the target: TCP, TLS, or an HTTP/2 stream. */
export interface Transport {
  stream: Duplex
  /** Resets the connection (RST on TCP). */
  reset(): void
  /** Returns whether an end that appeared to be orderly was a reset. Must be called before the tester sends FIN. */
  isReset?(): boolean
}
