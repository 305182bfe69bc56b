/** Creates a source for `send`, whose parts the test provides, even before they are requested. */
export function manualSource<T = string>() {
  const waiting: ((result: IteratorResult<T>) => void)[] = []
  const ready: IteratorResult<T>[] = []
  const state = { returned: false }
  const give = (result: IteratorResult<T>): void => {
    const next = waiting.shift()
    if (next === undefined) ready.push(result)
    else next(result)
  }
  const iterator = {
    next: () => {
      const result = ready.shift()
      if (result !== undefined) return Promise.resolve(result)
      return new Promise<IteratorResult<T>>((resolve) => waiting.push(resolve))
    },
    return: () => {
      state.returned = true
      return Promise.reject<IteratorResult<T>>(new Error('nobody wants to know'))
    },
  }
  return {
    state,
    source: { [Symbol.asyncIterator]: () => iterator } as AsyncIterable<T & string>,
    give: (value: T) => give({ value, done: false }),
    end: () => give({ value: undefined, done: true }),
  }
}
