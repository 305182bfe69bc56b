import { startDeadline } from '../connection/deadline.ts'
import { WebSocketError } from '../core/errors.ts'

/**
 * Runs `action` with a signal that is aborted by `outer` or after `timeout` milliseconds.
 *
 * @throws {WebSocketError} `ERR_WS_HANDSHAKE_TIMEOUT` when the time has expired.
 * @throws the reason of `outer` when `outer` is aborted.
 */
export async function withDeadline<T>(
  outer: AbortSignal | undefined,
  timeout: number,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer?.throwIfAborted()
  const controller = new AbortController()
  const abort = (): void => controller.abort(outer?.reason)
  outer?.addEventListener('abort', abort)
  const cancel = startDeadline(timeout, () => {
    controller.abort(new WebSocketError('ERR_WS_HANDSHAKE_TIMEOUT', `connection was not open within ${timeout} ms`))
  })
  try {
    return await action(controller.signal)
  } finally {
    cancel()
    outer?.removeEventListener('abort', abort)
  }
}
