/** Resolves when everything that was queued for the end of this tick has run. */
export const endOfTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
