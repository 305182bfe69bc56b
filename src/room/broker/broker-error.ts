import { WebSocketError } from '../../core/errors.ts'

/** Creates the error of a broker that is unreachable, cannot do what is requested, or does not respond in time. */
export function brokerError(message: string): WebSocketError {
  return new WebSocketError('ERR_WS_BROKER', message)
}
