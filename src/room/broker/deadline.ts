import { brokerError } from './broker-error.ts'
/**
 * Waits for an answer, but not longer than `timeout` milliseconds.
 *
 * @param who The subject of the error message.
 * @throws {WebSocketError} when there is no answer in time, or what the answer rejects with.
 */
export function answerWithin<T>(answer: Promise<T>, timeout: number, who: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const onTimeout = (): void => reject(brokerError(`${who} did not answer within ${timeout} ms`))
    const timer = setTimeout(onTimeout, timeout)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
