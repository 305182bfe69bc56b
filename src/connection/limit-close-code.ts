import { CloseCode } from '../core/close-code.ts'

/**
 * The close code of each limit that closes a connection. It tells the client whether to reconnect (RFC 6455 §7.4.1):
 * after 1001 it may do so at once; 1013 asks it to try again later. `maxFrames` of the core uses 1008, because the same
 * message would be refused again.
 */
export const limitCloseCodes = {
  ERR_WS_LIFETIME: CloseCode.GOING_AWAY,
  ERR_WS_IDLE: CloseCode.GOING_AWAY,
  ERR_WS_HEADER_TIMEOUT: CloseCode.TRY_AGAIN_LATER,
  ERR_WS_TOO_SLOW: CloseCode.TRY_AGAIN_LATER,
  ERR_WS_MESSAGE_TIMEOUT: CloseCode.TRY_AGAIN_LATER,
  ERR_WS_RATE: CloseCode.TRY_AGAIN_LATER,
  ERR_WS_SEND_OVERFLOW: CloseCode.TRY_AGAIN_LATER,
} as const

/** The error code of a limit that closes a connection. */
export type LimitErrorCode = keyof typeof limitCloseCodes
