import { openConnections } from '../load/connection.ts'
import { Exchange } from '../load/exchange.ts'
import { echoScript, type Script, uploadScript } from '../load/script.ts'
import type { LoadOrder, PreparedLoad } from '../load/workload.ts'

/** The number of distinct messages in an open loop. */
const OPEN_LOOP_MESSAGES = 16

/** Prepares an exchange in which the server echoes every message. */
export function prepareEcho(order: LoadOrder): Promise<PreparedLoad> {
  return prepareExchange(order, echoScript(order.kind, order.size, messagesOf(order), order.dialect))
}

/**
 * Prepares an exchange in which the server replies with the length of each message, which measures the cost of
 * receiving alone.
 */
export function prepareUpload(order: LoadOrder): Promise<PreparedLoad> {
  return prepareExchange(order, uploadScript(order.kind, order.size, messagesOf(order)))
}

function messagesOf(order: LoadOrder): number {
  return order.rate > 0 ? OPEN_LOOP_MESSAGES : order.depth
}

async function prepareExchange(order: LoadOrder, script: Script): Promise<PreparedLoad> {
  const connections = await openConnections(order.target, order.connections)
  const exchange = new Exchange(connections, script)
  const runFor = (ms: number) => (order.rate > 0 ? exchange.runOpen(order.rate, ms) : exchange.runClosed(ms))
  if (order.warmupMs > 0) await runFor(order.warmupMs)
  return { run: () => runFor(order.durationMs), finish: () => exchange.close() }
}
