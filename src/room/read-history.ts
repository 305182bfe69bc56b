import { setTimeout } from 'node:timers/promises'
import type { Broker, HistoryRead, Position } from './broker/broker.ts'

/** Delay in milliseconds before the second attempt. It doubles with each attempt. */
const FIRST_RETRY = 50
/** Time in milliseconds in which attempts begin. */
const RETRY_TIME = 1000

/**
 * Reads the messages after `after`. Reads again for up to a second when that fails, because the connection to the
 * history may have been lost while the history still has the messages.
 */
export async function readHistory(broker: Broker, topic: string, after: Position): Promise<HistoryRead> {
  const startedAt = performance.now()
  for (let delay = FIRST_RETRY; ; delay *= 2) {
    const read = await broker.read(topic, after)
    const hasFailed = read.position === null && !read.isComplete
    if (!hasFailed || performance.now() - startedAt + delay > RETRY_TIME) return read
    await setTimeout(delay, undefined, { ref: false })
  }
}
