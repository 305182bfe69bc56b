/** Resolves like `work`, or to `otherwise` as soon as the signal aborts. The work itself is not stopped. */
export async function unlessAborted<T>(work: Promise<T>, otherwise: T, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return work
  let onAbort = (): void => {}
  const aborted = new Promise<T>((resolve) => {
    onAbort = () => resolve(otherwise)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([aborted, work])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
