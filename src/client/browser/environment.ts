import { callback, type OptionRule } from '../../options/option-rule.ts'
import { checkOptionNames, readOptions } from '../../options/read-options.ts'
import type { ClientEnvironment } from './types.ts'

type Globals = typeof globalThis & {
  WebSocket: ClientEnvironment['WebSocket'] | undefined
  addEventListener?: EventTarget['addEventListener'] | undefined
}

/**
 * Returns the globals of a browser, of Node or of a worker. Those in `overrides` replace them.
 *
 * @throws {TypeError} when there is no WebSocket, or an override is unknown or has the wrong type.
 */
export function readEnvironment(overrides: Partial<ClientEnvironment> = {}): ClientEnvironment {
  const { WebSocket, addEventListener } = globalThis as Globals
  const rules = {
    WebSocket: callback(WebSocket),
    // Not `objectWith`, which would make the bundle larger than its limit.
    network: {
      fallback: addEventListener && globalThis,
      type: 'object',
      allowed: 'an EventTarget',
      accepts: (value) => (value as Globals | null)?.addEventListener !== undefined,
    } as OptionRule<ClientEnvironment['network']>,
    setTimeout: callback((callback: () => void, delay: number): unknown => setTimeout(callback, delay)),
    clearTimeout: callback((timer: never) => clearTimeout(timer)),
    now: callback(() => performance.now()),
    random: callback(Math.random),
  }
  checkOptionNames(overrides, Object.keys(rules), 'environment.')
  const environment = readOptions(rules, overrides, 'environment.')
  if (!environment.WebSocket) throw new TypeError('WebSocket is undefined; allowed: Node 22 or option environment')
  return environment as ClientEnvironment
}
