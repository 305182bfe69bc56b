import { limitCloseCodes } from './limit-close-code.ts'

/** What a limit can close: a connection, or a socket with the interface of npm ws. */
interface Limited {
  fail(closeCode: number, code: string, message: string): void
}

/** Closes a connection whose peer sends more than its rates allow. */
export function failOverRate(connection: Limited): void {
  connection.fail(limitCloseCodes.ERR_WS_RATE, 'ERR_WS_RATE', 'more messages, bytes or pings than allowed')
}

/** Returns the error message for a message that would increase the unsent bytes to `total`. */
export function describeOverflow(total: number, maxBufferedAmount: number): string {
  return `${total} bytes would wait to be sent; allowed: at most ${maxBufferedAmount}`
}

/** Closes a connection because a message would exceed its limit for unsent bytes. */
export function failOverflow(connection: Limited, message: string): void {
  connection.fail(limitCloseCodes.ERR_WS_SEND_OVERFLOW, 'ERR_WS_SEND_OVERFLOW', message)
}
