import type { RunContext } from '../script/index.ts'
import type { Launcher } from './launcher.ts'

/** One client under test: its name, how it is reached, and what is known of it. */
export interface Agent {
  readonly name: string
  readonly context: RunContext
  /** Starts it; null when it connects by itself. */
  readonly launcher: Launcher | null
  /** The address that the tester listens on: `ws://127.0.0.1:9001`. */
  readonly base: string
  /** Every Sec-WebSocket-Key it sent, with the case it was seen in. */
  readonly keys: Map<string, string>
  /** Its driver reports the events of its API. */
  reportsEvents: boolean
  /** Sends a command to its driver; null when it accepts none. */
  command: ((number: number, command: string) => boolean) | null
  /** Resolves when it will not connect again. */
  readonly gone: Promise<string>
}

/** The URL of a numbered connection, as drivers written for Autobahn ask for it. */
export function caseUrl(agent: Agent, number: number): string {
  return `${agent.base}/runCase?case=${number}&agent=${encodeURIComponent(agent.name)}`
}
