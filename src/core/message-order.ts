import { CloseCode } from './close-code.ts'
import { ProtocolError } from './errors.ts'
import { Opcode } from './opcode.ts'

/**
 * Checks that a data frame may follow (RFC 6455 §5.4).
 *
 * @param current The opcode of the message in progress, 0 between messages.
 * @throws {ProtocolError} 1002 when it may not.
 */
export function checkOrder(opcode: number, current: number): void {
  if (opcode === Opcode.CONTINUATION) {
    if (current !== 0) return
    throw orderViolation('ERR_WS_CONTINUATION_UNEXPECTED', 'a continuation frame without a message to continue', opcode)
  }
  if (current === 0) return
  const message = 'a new message inside a fragmented one; a continuation frame must follow'
  throw orderViolation('ERR_WS_CONTINUATION_EXPECTED', message, opcode)
}

function orderViolation(code: string, message: string, opcode: number): ProtocolError {
  return new ProtocolError(CloseCode.PROTOCOL_ERROR, code, message, opcode)
}

/** 1008: more frames than one message may have. */
export function tooManyFrames(maxFrames: number): ProtocolError {
  const message = `a message in more than ${maxFrames} frames (option maxFrames)`
  return new ProtocolError(CloseCode.POLICY_VIOLATION, 'ERR_WS_TOO_MANY_FRAMES', message)
}

/** 1009: the message is longer than the option allows (§7.4.1). */
export function messageTooBig(size: number, limit: number, option: string): ProtocolError {
  const message = `a message of at least ${size} bytes; at most ${limit} are allowed (option ${option})`
  return new ProtocolError(CloseCode.MESSAGE_TOO_BIG, 'ERR_WS_MESSAGE_TOO_BIG', message)
}

/** §8.1: invalid UTF-8 in a text message fails the connection with 1007. */
export function invalidUtf8(): ProtocolError {
  return new ProtocolError(CloseCode.INVALID_PAYLOAD, 'ERR_WS_INVALID_UTF8', 'invalid UTF-8 in a text message')
}
