import { brokerError } from './broker-error.ts'
/**
 * Waits for a response, for at most `timeout` milliseconds.
 *
 * @param who The subject of the error message.
 * @throws {WebSocketError} when there is no response in time. A rejection of `answer` is passed on.
 */
export function answerWithin<T>(answer: Promise<T>, timeout: number, who: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const onTimeout = (): void => reject(brokerError(`${who} did not respond within ${timeout} ms`))
    const timer = setTimeout(onTimeout, timeout)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
