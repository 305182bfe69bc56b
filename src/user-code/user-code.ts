/**
 * Calls one of the user's callbacks. Passes to `onFailure` what the callback throws, or the reason when it returns a
 * promise that is rejected.
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
 * Passes the rejection of a callback's result to `onFailure`. A result that is not a promise is ignored. Hot paths call
 * the user's callback themselves and skip this function when the result is `undefined`.
 *
 * @throws when the getter of `then` throws. Call this function inside the `try` around the callback.
 */
export function watchResult(result: unknown, onFailure: (error: unknown) => void): void {
  if (isThenable(result)) Promise.resolve(result).then(undefined, onFailure)
}

/**
 * Passes an error to the user's `onError`. What `onError` itself throws or rejects with is written to standard error.
 */
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
