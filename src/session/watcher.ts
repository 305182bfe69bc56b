/** Observes a session without reading its messages. */
export interface SessionWatcher {
  /** Called when the peer has sent a message. */
  onMessage?(): unknown
  /** Called when the connection has closed. */
  onEnd(): unknown
}

/** Calls all watchers, even when one of them throws. In that case, returns a promise that is rejected. */
export function notify(
  watchers: Iterable<SessionWatcher> | null,
  callback: keyof SessionWatcher,
): Promise<unknown> | undefined {
  if (watchers === null) return undefined
  let results: unknown[] | null = null
  const note = (result: unknown): void => {
    results ??= []
    results.push(result)
  }
  for (const watcher of watchers) {
    try {
      const result = watcher[callback]?.()
      if (typeof result === 'object') note(result)
    } catch (error) {
      note(Promise.reject(error))
    }
  }
  return results === null ? undefined : Promise.all(results)
}
