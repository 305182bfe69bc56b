import type { RunContext } from '../script/index.ts'
import type { Launcher } from './launcher.ts'

/** One client under test. */
export interface Agent {
  readonly name: string
  readonly context: RunContext
  /** Starts the client; null when the client connects on its own. */
  readonly launcher: Launcher | null
  /** The address on which the tester listens: `ws://127.0.0.1:9001`. */
  readonly base: string
  /** Each Sec-WebSocket-Key that the client sent, with the case that saw it. */
  readonly keys: Map<string, string>
  /** Whether the driver of the client reports the events of the API. */
  reportsEvents: boolean
  /** Sends a command to the driver of the client; null when the driver does not accept commands. */
  command: ((number: number, command: string) => boolean) | null
  /** Resolves when the client will not connect again. */
  readonly gone: Promise<string>
}

/** Returns the URL of a numbered connection, as drivers written for Autobahn request it. */
export function caseUrl(agent: Agent, number: number): string {
  return `${agent.base}/runCase?case=${number}&agent=${encodeURIComponent(agent.name)}`
}
