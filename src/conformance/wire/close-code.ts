/** Returns whether an endpoint may send this code in a Close (RFC 6455 §7.4). */
export function isLegalCode(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999)
  )
}

/**
 * Returns whether an endpoint must not send this code in a Close (RFC 6455 §7.4.1). Other codes may still be undefined.
 */
export function isForbiddenCode(code: number): boolean {
  return code === 1005 || code === 1006 || code === 1015
}
