import { isUtf8 } from '../wire/index.ts'
import type { Inbound } from './inbound.ts'

/** Codes that an endpoint may put into a Close frame (RFC 6455 §7.4). */
export function isLegalCode(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999)
  )
}

/** Codes that an endpoint must not put into a Close frame (RFC 6455 §7.4.1); others may be without a meaning as yet. */
export function isForbiddenCode(code: number): boolean {
  return code === 1005 || code === 1006 || code === 1015
}

/** What is wrong with a Close by itself: its length, its code or its reason; null when nothing is (RFC 6455 §5.5.1). */
export function faultOfClose({ code, frame }: Extract<Inbound, { kind: 'close' }>): string | null {
  if (code === null) return frame.payload.length === 0 ? null : 'a body of one byte'
  if (!isLegalCode(code)) return `code ${code}`
  return isUtf8(frame.payload.subarray(2)) ? null : 'a reason that is not UTF-8'
}
