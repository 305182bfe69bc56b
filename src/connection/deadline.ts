/**
 * Calls `onLate` after `timeout` milliseconds, unless the returned function is called first. When the event loop was
 * blocked, a response may have arrived that was not read. It is read before `onLate` is called.
 */
export function startDeadline(timeout: number, onLate: () => void): () => void {
  let immediate: NodeJS.Immediate | undefined
  const timer = setTimeout(() => {
    immediate = setImmediate(onLate)
  }, timeout)
  return () => {
    clearTimeout(timer)
    clearImmediate(immediate)
  }
}
