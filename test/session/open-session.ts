import { mock } from 'node:test'
import type { Draining } from '../../src/session/draining.ts'
import { readSessionOptions, type SessionOptions, WebSocket } from '../../src/session/websocket.ts'
import { FakeConnection } from '../support/fake-connection.ts'

export function open(options: SessionOptions = {}, draining?: Draining) {
  const connection = new FakeConnection()
  return { connection, ws: new WebSocket(connection.asConnection, readSessionOptions(options), draining) }
}

/** Runs `body` with timers that only `tick` advances. */
export async function withClock(body: (tick: (ms: number) => void) => Promise<void>): Promise<void> {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    await body((ms) => mock.timers.tick(ms))
  } finally {
    mock.timers.reset()
  }
}

/** Resolves to whether the promise is still pending after everything that can run has run. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending')
  const later = new Promise((resolve) => setImmediate(resolve, pending))
  return (await Promise.race([promise, later])) === pending
}
