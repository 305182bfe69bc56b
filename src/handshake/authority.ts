import { isIPv6 } from 'node:net'

/** A parsed `Host` value (RFC 9110 §7.2). */
export interface Authority {
  /** The name or address as sent; an IPv6 address includes its brackets. */
  host: string
  /** The port; null when there is none. */
  port: number | null
}

const MAX_PORT = 65_535

/** Maximum length of an IPv6 address as text. Longer input is not passed to `isIPv6`. */
const MAX_IPV6 = 45

/**
 * Characters of a name besides letters, digits and `%XX`. The comma, which RFC 3986 allows, is not accepted, because it
 * also separates two joined `Host` fields.
 */
const NAME_MARKS = "-._~!$&'()*+;="

/**
 * Parses `host[:port]` without user info: a name, an IPv4 address or an IPv6 address in brackets, and a port of 0–65535
 * (RFC 3986 §3.2). Returns null when it is malformed.
 */
export function parseAuthority(text: string): Authority | null {
  const end = text.startsWith('[') ? literalEnd(text) : nameEnd(text)
  if (end === 0) return null
  const host = text.slice(0, end)
  if (end === text.length) return { host, port: null }
  if (text[end] !== ':') return null
  // RFC 3986 §3.2.3 allows an empty port.
  if (end + 1 === text.length) return { host, port: null }
  const port = parsePort(text, end + 1)
  return port === null ? null : { host, port }
}

/** Returns whether a text is a valid, non-empty `Host` value (RFC 9110 §7.2). */
export function isValidHost(text: string): boolean {
  return parseAuthority(text) !== null
}

/** Returns the index after an IPv6 address in brackets; 0 when it is malformed. */
function literalEnd(text: string): number {
  const close = text.slice(0, MAX_IPV6 + 2).indexOf(']')
  if (close < 0) return 0
  const address = text.slice(1, close)
  // A zone identifier is local to the sender and must not be sent (RFC 6874 §1).
  return isIPv6(address) && !address.includes('%') ? close + 1 : 0
}

/** Returns the index after a name; 0 when the name is empty or has a malformed escape. */
function nameEnd(text: string): number {
  let at = 0
  for (; at < text.length; at++) {
    const character = text[at]
    if (character === '%') {
      if (!isHexDigit(text.charCodeAt(at + 1)) || !isHexDigit(text.charCodeAt(at + 2))) return 0
    } else if (!isAlphanumeric(text.charCodeAt(at)) && !NAME_MARKS.includes(character)) break
  }
  return at
}

function parsePort(text: string, start: number): number | null {
  let port = 0
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (!isDigit(code)) return null
    port = port * 10 + code - 0x30
    if (port > MAX_PORT) return null
  }
  return port
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function isHexDigit(code: number): boolean {
  const lower = code | 0x20
  return isDigit(code) || (lower >= 0x61 && lower <= 0x66)
}

function isAlphanumeric(code: number): boolean {
  const lower = code | 0x20
  return isDigit(code) || (lower >= 0x61 && lower <= 0x7a)
}
