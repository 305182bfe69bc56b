/** Observes a session without reading its messages. */
export interface SessionWatcher {
  /** The peer has sent a message. */
  onMessage?(): unknown
  /** The connection is closed. */
  onEnd(): unknown
}

/** Calls every watcher, also when one of them fails; returns a promise that is rejected then. */
export function notify(
  watchers: Iterable<SessionWatcher>,
  callback: keyof SessionWatcher,
): Promise<unknown> | undefined {
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
