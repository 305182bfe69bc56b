import { abortSignal, callback, integer, milliseconds, orInfinity } from '../../options/option-rule.ts'
import { checkOptionNames, optionMessage, readOptions } from '../../options/read-options.ts'
import { addLastId } from './resume.ts'
import type { ClientOptions, CloseReport } from './types.ts'

const rules = {
  minDelay: milliseconds(1000, 0),
  maxDelay: milliseconds(30_000, 0),
  maxAttempts: orInfinity(integer(Infinity, 0)),
  connectTimeout: milliseconds(10_000),
  heartbeatInterval: milliseconds(0, 0),
  heartbeatTimeout: milliseconds(0),
  maxOutboxBytes: orInfinity(integer(2 ** 20, 0)),
  maxOutboxCount: orInfinity(integer(1000, 0)),
  shouldReconnect: callback(isWorthRepeating),
  lastId: callback((_data: unknown): string | undefined => undefined),
  resumeUrl: callback(addLastId),
  signal: abortSignal,
}

export type ClientSettings = Required<Omit<ClientOptions, 'signal' | 'environment'>> & {
  readonly signal: AbortSignal | undefined
}

/**
 * Reads the options of a client.
 *
 * @throws {TypeError} when an option has the wrong type.
 * @throws {RangeError} when the value of an option is not allowed.
 */
export function readClientOptions(options: ClientOptions = {}): ClientSettings {
  checkOptionNames(options, [...Object.keys(rules), 'environment'])
  const settings = readOptions(rules, options)
  const { minDelay, maxDelay, heartbeatInterval, heartbeatTimeout } = settings
  // The comparison is false when only one limit is set. The default of the other is then adapted to it.
  if (options.minDelay! > options.maxDelay!) {
    throw new RangeError(optionMessage('maxDelay', maxDelay, `at least ${minDelay}`))
  }
  if (minDelay > maxDelay) settings.minDelay = settings.maxDelay = options.minDelay ?? maxDelay
  settings.heartbeatTimeout ||= heartbeatInterval + 5000
  if (settings.heartbeatTimeout <= heartbeatInterval) {
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
