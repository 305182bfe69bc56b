import { startDeadline } from '../connection/deadline.ts'
import type { Data } from '../connection/host.ts'
import { abortSignal, LONGEST_DELAY, type OptionRule } from '../options/option-rule.ts'
import { checkOption, checkOptionNames } from '../options/read-options.ts'
import { CallbackWaiter, type MessageQueue } from './message-queue.ts'

/** Options of `wait`. */
export interface WaitOptions {
  /** Time in milliseconds after which `wait` resolves to null, from 0 to 2,147,483,647. Default: no limit. */
  timeout?: number | undefined
  /** When this signal is aborted, `wait` rejects with the signal's reason. No message is lost. Default: none. */
  signal?: AbortSignal | undefined
}

const timeoutRule: OptionRule<number> = {
  fallback: Number.POSITIVE_INFINITY,
  type: 'number',
  allowed: `a time in milliseconds from 0 to ${LONGEST_DELAY}`,
  accepts: (value) => (value as number) >= 0 && (value as number) <= LONGEST_DELAY,
}

const waitNames = ['timeout', 'signal']

/**
 * Checks the options of `wait`.
 *
 * @throws {TypeError} when an option is unknown or has the wrong type.
 * @throws {RangeError} when `timeout` is not allowed.
 */
export function checkWaitOptions(options: WaitOptions): void {
  checkOptionNames(options, waitNames)
  const { timeout, signal } = options
  if (timeout !== undefined) checkOption('timeout', timeout, timeoutRule)
  if (signal !== undefined) checkOption('signal', signal, abortSignal)
}

/** Waits for a message, the end of the queue, the timeout or an abort. The first of these cancels the others. */
export function waitInLine(queue: MessageQueue, { timeout, signal }: WaitOptions): Promise<Data | null> {
  return new Promise((resolve, reject) => {
    let cancel = (): void => {}
    const waiter = new CallbackWaiter((message) => {
      cancel()
      signal?.removeEventListener('abort', abort)
      resolve(message)
    })
    const abort = (): void => {
      cancel()
      queue.removeWaiter(waiter)
      reject(signal?.reason)
    }
    queue.addWaiter(waiter)
    signal?.addEventListener('abort', abort, { once: true })
    if (timeout === undefined) return
    cancel = startDeadline(timeout, () => {
      queue.removeWaiter(waiter)
      waiter.settle(null)
    })
  })
}
