import { AsyncResource } from 'node:async_hooks'

/** Created when the module is loaded, and therefore outside of any connection. */
const root = new AsyncResource('dwebsocket')

/**
 * Runs `action` outside of every AsyncLocalStorage context. Timers that many connections share are started this way.
 * Otherwise they would run in the context of the connection that started them, and keep its store alive.
 */
export function runInRootContext<T>(action: () => T): T {
  return root.runInAsyncScope(action)
}
