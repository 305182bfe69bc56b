import type { RunContext } from '../script/index.ts'
import type { Launcher } from './launcher.ts'
import { type ClientRequest, readTarget } from './request.ts'

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

/** The path of numbered connections, as in Autobahn. */
export const CASE_PATH = '/runCase'

/** Returns the URL of a numbered connection, as drivers written for Autobahn request it. */
export function caseUrl(agent: Agent, number: number): string {
  return `${agent.base}${CASE_PATH}?case=${number}&agent=${encodeURIComponent(agent.name)}`
}

/** Returns the number in the URL of a connection, or null when its URL is not that of a numbered connection. */
export function caseNumberOf({ target }: ClientRequest): number | null {
  const { path, query } = readTarget(target)
  const number = Number(query.get('case') ?? Number.NaN)
  return path === CASE_PATH && Number.isInteger(number) ? number : null
}
