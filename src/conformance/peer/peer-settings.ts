import type { FrameWatch } from './frame-watch.ts'
import type { Ledger } from './ledger.ts'
import type { WireLog } from './wire-log.ts'

/** The settings of a peer. */
export interface PeerSettings {
  /** Milliseconds to wait for one expected event. */
  timeout: number
  /** Generates the masking keys. */
  randomKey: () => Uint8Array
  log: WireLog
  ledger: Ledger
  watch: FrameWatch
  /** How many of the first messages are no events, because the target greets each client; default 0. */
  greetings?: number
  /** Called when a wait times out. */
  onTimeout?(): void
  /** The role of the tester; a server does not mask (RFC 6455 §5.1). Default `client`. */
  role?: 'client' | 'server'
}

/** Which side ended the connection first, and how. */
export interface Closing {
  by: 'server' | 'client' | null
  code: number | null
  reason: string | null
  tcp: 'fin' | 'rst' | null
}
