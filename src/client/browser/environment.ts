import type { ClientEnvironment } from './types.ts'

/**
 * Returns the globals of a browser, of Node or of a worker. Those in `overrides` replace them.
 *
 * @throws {TypeError} when there is no WebSocket.
 */
export function readEnvironment(overrides: Partial<ClientEnvironment> | undefined): ClientEnvironment {
  const { WebSocket, addEventListener } = globalThis as unknown as {
    WebSocket: ClientEnvironment['WebSocket']
    addEventListener?: unknown | undefined
  }
  const environment = {
    WebSocket,
    network: addEventListener === undefined ? undefined : (globalThis as unknown as EventTarget),
    setTimeout: (callback: () => void, delay: number) => setTimeout(callback, delay),
    clearTimeout: (timer: never) => clearTimeout(timer),
    now: () => performance.now(),
    random: Math.random,
    ...overrides,
  }
  if (environment.WebSocket === undefined) {
    throw new TypeError('WebSocket is undefined; allowed: Node 22 or later, or the option environment')
  }
  return environment
}
