import { CloseCode } from './close-code.ts'
import { ProtocolError } from './errors.ts'
import { Opcode } from './opcode.ts'

/**
 * Checks that a data frame is allowed at this point (RFC 6455 §5.4).
 *
 * @param current The opcode of the message in progress; 0 between messages.
 * @throws {ProtocolError} 1002 when the frame is not allowed.
 */
export function checkOrder(opcode: number, current: number): void {
  if (opcode === Opcode.CONTINUATION) {
    if (current !== 0) return
    throw orderViolation('ERR_WS_CONTINUATION_UNEXPECTED', 'continuation frame without a fragmented message', opcode)
  }
  if (current === 0) return
  const message = 'new message inside a fragmented message; allowed: a continuation frame'
  throw orderViolation('ERR_WS_CONTINUATION_EXPECTED', message, opcode)
}

function orderViolation(code: string, message: string, opcode: number): ProtocolError {
  return new ProtocolError(CloseCode.PROTOCOL_ERROR, code, message, opcode)
}

/** Returns the violation of a message with too many frames: 1008. */
export function tooManyFrames(maxFrames: number): ProtocolError {
  const message = `message has too many frames; allowed: ${maxFrames} (option maxFrames)`
  return new ProtocolError(CloseCode.POLICY_VIOLATION, 'ERR_WS_TOO_MANY_FRAMES', message)
}

/** Returns the violation of a message that is too long: 1009 (§7.4.1). */
export function messageTooBig(size: number, limit: number, option: string): ProtocolError {
  const message = `message has at least ${size} bytes; allowed: at most ${limit} (option ${option})`
  return new ProtocolError(CloseCode.MESSAGE_TOO_BIG, 'ERR_WS_MESSAGE_TOO_BIG', message)
}

/** Returns the violation of a text message with invalid UTF-8: 1007 (§8.1). */
export function invalidUtf8(): ProtocolError {
  return new ProtocolError(CloseCode.INVALID_PAYLOAD, 'ERR_WS_INVALID_UTF8', 'text message is not valid UTF-8')
}
