import { AsyncResource } from 'node:async_hooks'

/** Created when the module is loaded, before any connection. */
const root = new AsyncResource('dwebsocket')

/**
 * Runs `action` outside of every AsyncLocalStorage. Timers that many connections share are started in it: otherwise they
 * would run in the store of the connection that came first, and keep it alive.
 */
export function runInRootContext<T>(action: () => T): T {
  return root.runInAsyncScope(action)
}
