import { callback, integer, type OptionRule, orInfinity } from '../../options/option-rule.ts'
import { checkOptionNames, optionMessage, readOptions } from '../../options/read-options.ts'
import { addLastId } from './resume.ts'
import type { ClientOptions, CloseReport } from './types.ts'

/** Maximum delay of a timer, in milliseconds. */
const MAX_DELAY = 2 ** 31 - 1

const milliseconds = (fallback: number, min = 0): OptionRule<number> => integer(fallback, min, MAX_DELAY)

const rules = {
  minDelay: milliseconds(1000),
  maxDelay: milliseconds(30_000),
  maxAttempts: orInfinity(integer(Infinity, 0)),
  connectTimeout: milliseconds(10_000, 1),
  heartbeatInterval: milliseconds(0),
  heartbeatTimeout: milliseconds(0, 1),
  maxOutboxBytes: orInfinity(integer(1024 * 1024, 0)),
  maxOutboxCount: orInfinity(integer(1000, 0)),
  shouldReconnect: callback(isWorthRepeating),
  lastId: callback((_data: unknown): string | undefined => undefined),
  resumeUrl: callback(addLastId),
}

export type ClientSettings = Required<Omit<ClientOptions, 'signal' | 'environment'>>

/**
 * Reads the options of a client.
 *
 * @throws {TypeError} when an option has the wrong type.
 * @throws {RangeError} when the value of an option is not allowed.
 */
export function readClientOptions(options: ClientOptions): ClientSettings {
  checkOptionNames(options, [...Object.keys(rules), 'signal', 'environment'])
  const settings = readOptions(rules, options)
  const { heartbeatInterval, heartbeatTimeout } = settings
  if (heartbeatTimeout === 0) return { ...settings, heartbeatTimeout: heartbeatInterval + 5000 }
  if (heartbeatTimeout <= heartbeatInterval) {
    throw new RangeError(optionMessage('heartbeatTimeout', heartbeatTimeout, `more than ${heartbeatInterval}`))
  }
  return settings
}

/**
 * Reconnecting is useless after 1000 and 1005 (finished), 1008 (refused) and 4000–4999 (defined by the application).
 */
function isWorthRepeating({ code }: CloseReport): boolean {
  return code !== 1000 && code !== 1005 && code !== 1008 && code < 4000
}
