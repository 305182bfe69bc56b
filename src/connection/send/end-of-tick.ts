/** An object that sends at the end of the tick, together with everything sent until then. */
export interface Flushable {
  flush(): void
}

let waiting: Flushable[] = []

/** Whether only one sender flushes at the end of the tick. A connection then does not need to wait for other frames. */
export let isEndOfTick = false

/**
 * Flushes `sender` at the end of the tick, or before anything is sent directly, so that every connection sends in the
 * order of the calls.
 */
export function flushAtEndOfTick(sender: Flushable): void {
  if (waiting.push(sender) > 1) return
  process.nextTick(() => {
    isEndOfTick = waiting.length === 1
    try {
      flushEndOfTick()
    } finally {
      isEndOfTick = false
    }
  })
}

/** Flushes everything that waits for the end of the tick. */
export function flushEndOfTick(): void {
  if (waiting.length > 0) flushWaiting()
}

function flushWaiting(): void {
  const flushing = waiting
  waiting = []
  for (const sender of flushing) sender.flush()
}
