import { isLegalCode, isUtf8 } from '../wire/index.ts'
import type { Inbound } from './inbound.ts'

/** Describes what is invalid in a Close: its length, code or reason. Returns null for a valid one (RFC 6455 §5.5.1). */
export function faultOfClose({ code, frame }: Extract<Inbound, { kind: 'close' }>): string | null {
  if (code === null) return frame.payload.length === 0 ? null : 'a body of one byte'
  if (!isLegalCode(code)) return `code ${code}`
  return isUtf8(frame.payload.subarray(2)) ? null : 'a reason that is not UTF-8'
}
