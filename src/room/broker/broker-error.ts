import { WebSocketError } from '../../core/errors.ts'

/** The error of a broker that is unreachable, cannot do what is asked, or does not answer in time. */
export function brokerError(message: string): WebSocketError {
  return new WebSocketError('ERR_WS_BROKER', message)
}
