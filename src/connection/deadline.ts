/**
 * Calls `onLate` after `timeout` milliseconds, unless the returned function is called first. When the event loop was
 * blocked, a response may have arrived that was not read. It is read before `onLate` is called.
 *
 * @param keepsAlive Whether the process stays alive until then.
 */
export function startDeadline(timeout: number, onLate: () => void, keepsAlive = true): () => void {
  let immediate: NodeJS.Immediate | undefined
  const timer = setTimeout(() => {
    immediate = setImmediate(onLate)
  }, timeout)
  if (!keepsAlive) timer.unref()
  return () => {
    clearTimeout(timer)
    clearImmediate(immediate)
  }
}
