/** Something that sends at the end of the tick, together with what else is sent until then. */
export interface Deferred {
  flush(): void
}

let waiting: Deferred[] = []

/**
 * Lets `deferred` flush at the end of the tick, or before anything is sent directly: what was handed in first leaves
 * first, on every connection.
 */
export function defer(deferred: Deferred): void {
  if (waiting.push(deferred) === 1) process.nextTick(flushDeferred)
}

/** Flushes everything that waits for the end of the tick. */
export function flushDeferred(): void {
  if (waiting.length === 0) return
  const flushing = waiting
  waiting = []
  for (const deferred of flushing) deferred.flush()
}
