/**
 * Returns a function that starts actions in order, runs at most `count` of them at the same time, and resolves to their
 * results.
 */
export function atOnce(count: number): <Result>(action: () => Promise<Result>) => Promise<Result> {
  let running = 0
  const waiting: (() => void)[] = []
  return async (action) => {
    if (running === count) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      return await action()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
