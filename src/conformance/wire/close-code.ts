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
