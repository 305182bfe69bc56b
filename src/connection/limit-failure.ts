import { limitCloseCodes } from './limit-close-code.ts'

/** What a limit can close: a connection, or a socket of the interface of npm ws. */
interface Limited {
  fail(closeCode: number, code: string, message: string): void
}

/** Closes a connection whose peer sends more than its rates allow. */
export function failOverRate(connection: Limited): void {
  connection.fail(limitCloseCodes.ERR_WS_RATE, 'ERR_WS_RATE', 'more messages, bytes or pings than allowed')
}

/** Says why a message is not accepted, with which `total` bytes would wait. */
export function describeOverflow(total: number, maxBufferedAmount: number): string {
  return `${total} bytes would wait to be sent; at most ${maxBufferedAmount} are allowed`
}

/** Closes a connection that was to send more than may wait. */
export function failOverflow(connection: Limited, message: string): void {
  connection.fail(limitCloseCodes.ERR_WS_SEND_OVERFLOW, 'ERR_WS_SEND_OVERFLOW', message)
}
