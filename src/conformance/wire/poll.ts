/** Pauses between two segments. Never used to wait for the target. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** Polls until `check` is true or the time has passed, for a target that is starting, which emits no event. */
export async function poll(check: () => Promise<boolean>, timeout: number): Promise<boolean> {
  const deadline = performance.now() + timeout
  while (!(await check())) {
    if (performance.now() >= deadline) return false
    await sleep(25)
  }
  return true
}

/** Resolves after the event loop has polled for input. One immediate may run before that, a second one cannot. */
export async function readingTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
}
