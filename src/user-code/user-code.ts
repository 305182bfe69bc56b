/**
 * Calls a callback of the user. What it throws goes to `onFailure`, and so does the reason when the promise that it
 * returns is rejected.
 *
 * @param onFailure Must not throw; see `reportTo`.
 */
export function callUser(callback: () => unknown, onFailure: (error: unknown) => void): void {
  try {
    const result = callback()
    if (result !== undefined) watchResult(result, onFailure)
  } catch (error) {
    onFailure(error)
  }
}

/**
 * Passes the rejection of a callback's result to `onFailure`; a result that is not a promise is ignored. For callers
 * on a hot path that call the user themselves: they skip this for `undefined`, so that synchronous callbacks cost
 * nothing.
 *
 * @throws What the getter of `then` throws: call it inside the `try` around the callback.
 */
export function watchResult(result: unknown, onFailure: (error: unknown) => void): void {
  if (isThenable(result)) Promise.resolve(result).then(undefined, onFailure)
}

/** Passes an error to the user's `onError`; what that throws or rejects with goes to standard error. */
export function reportTo(onError: (error: unknown) => unknown, error: unknown): void {
  callUser(() => onError(error), writeFailure)
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' && typeof value !== 'function') return false
  return value !== null && typeof (value as Partial<PromiseLike<unknown>>).then === 'function'
}

function writeFailure(error: unknown): void {
  console.error(error)
}
