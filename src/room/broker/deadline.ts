import { startDeadline } from '../../connection/deadline.ts'
import { brokerError } from './broker-error.ts'

/**
 * Waits for a response, for at most `timeout` milliseconds.
 *
 * @param who The subject of the error message.
 * @throws {WebSocketError} when there is no response in time. A rejection of `answer` is passed on.
 */
export function answerWithin<T>(answer: Promise<T>, timeout: number, who: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = startDeadline(timeout, () => reject(brokerError(`${who} did not respond within ${timeout} ms`)))
    answer.then(resolve, reject).finally(cancel)
  })
}
