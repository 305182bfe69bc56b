/** A pause that a case asks for (between segments); never used to wait for the target. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** Polls until `check` holds or the time is up: for a target that is starting, which no event announces. */
export async function poll(check: () => Promise<boolean>, timeout: number): Promise<boolean> {
  const deadline = performance.now() + timeout
  while (!(await check())) {
    if (performance.now() >= deadline) return false
    await sleep(25)
  }
  return true
}

/** Resolves after the event loop has polled for input: one immediate may run before that, the second one does not. */
export async function readingTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
}
