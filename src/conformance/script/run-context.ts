import type { Ledger, Target } from '../peer/index.ts'
import type { Crowd } from './crowd.ts'

/** What was detected about the target before the first case. */
export interface Capabilities {
  /** Whether the target echoes text messages. */
  echo: boolean
  /** The text with which the echoes of the target begin (`--echo-prefix`). */
  echoPrefix: string
  /** How many messages the target sends on each connection before it echoes. Cases do not see them. */
  greetings: number
  /** Whether the target accepts permessage-deflate. */
  pmd: boolean
  serverHeader: string | null
  /** The TLS version, if the target uses TLS. */
  tls: string | null
}

/** What the cases of a run share. */
export interface RunContext {
  target: Target
  capabilities: Capabilities
  ledger: Ledger
  /** The connections that are open. */
  crowd: Crowd
  /** Milliseconds to wait for one event, including the timeout factor. */
  timeout: number
  /** Milliseconds of silence in the cases about silence. */
  idle: number
  seed: number
  /** A subprotocol that the server knows, from `--subprotocol`. */
  subprotocol: string | null
  /** Whether the run may take a long time (`--long`): cases then send everything instead of samples. */
  long: boolean
  /** The largest message that is sent, in bytes. */
  maxMessage: number
  /** Waits until a target that refuses connections serves again. Resolves to false when it does not. */
  recover?(): Promise<boolean>
  /** What cases observed about the target, by name, for the report. */
  observations: Record<string, unknown>
}
