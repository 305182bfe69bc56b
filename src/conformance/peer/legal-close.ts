import { isUtf8 } from '../wire/index.ts'
import type { Inbound } from './inbound.ts'

/** Codes that an endpoint may send in a Close (RFC 6455 §7.4). */
export function isLegalCode(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999)
  )
}

/** Describes what is invalid in a Close: its length, code or reason. Returns null for a valid one (RFC 6455 §5.5.1). */
export function faultOfClose({ code, frame }: Extract<Inbound, { kind: 'close' }>): string | null {
  if (code === null) return frame.payload.length === 0 ? null : 'a body of one byte'
  if (!isLegalCode(code)) return `code ${code}`
  return isUtf8(frame.payload.subarray(2)) ? null : 'a reason that is not UTF-8'
}
