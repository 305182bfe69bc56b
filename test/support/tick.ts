/** Resolves when everything that was queued for the end of this tick has run. */
export const endOfTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * Lets the event loop turn: what was written before to a socket of the loopback without delay (`noDelay`) is readable at
 * its next turn, so that whatever follows from it in this process has happened.
 */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await endOfTick()
}

/** Resolves when the condition holds; it is checked in every turn of the event loop, the test's time limit is the bound. */
export async function until(isSo: () => unknown): Promise<void> {
  while (!(await isSo())) await endOfTick()
}
