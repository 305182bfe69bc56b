import { isValidHost } from './authority.ts'

/** Characters of the longest origin that is looked at: a scheme, a name of 255 characters and a port are fewer. */
const MAX_ORIGIN = 512

/** Characters that would let a URL parser find something else than a host and a port behind `scheme://`. */
const FORBIDDEN = '/\\?#@%'

/**
 * An origin in the one form in which two of them are compared: scheme and host in lower case, an international name
 * in punycode, no default port (RFC 6454 §6.2). `null` when the text is no origin; `'null'` for the opaque one.
 */
export function normalizeOrigin(text: string): string | null {
  if (text === 'null') return 'null'
  if (text.length > MAX_ORIGIN) return null
  const schemeEnd = text.indexOf('://')
  if (schemeEnd < 0 || !isPlain(text.slice(0, schemeEnd)) || !isPlain(text.slice(schemeEnd + 3))) return null
  const url = parseUrl(text)
  if (url === null || url.host === '') return null
  return `${url.protocol}//${url.host.toLowerCase()}`
}

/**
 * Whether a request's `Origin` is the one of the server it was sent to: scheme, host and port exactly (RFC 6455 §10.2).
 * `host` is the request's `Host`, `secure` whether the client came by TLS.
 */
export function isSameOrigin(origin: string, host: string, secure: boolean): boolean {
  if (!isValidHost(host)) return false
  const own = normalizeOrigin(`${secure ? 'https' : 'http'}://${host}`)
  return own !== null && own === parseOrigin(origin)
}

/**
 * Whether a request's `Origin` is one of the allowed ones: scheme, host and port exactly, never a part of a name
 * (RFC 6455 §10.2). `'null'` matches only where it is listed.
 */
export function matchesOrigin(origin: string, allowed: readonly string[]): boolean {
  const found = parseOrigin(origin)
  return found !== null && allowed.some((entry) => normalizeOrigin(entry) === found)
}

/** The origin of a field value: browsers write it in ASCII, so anything else is not one (RFC 6454 §6.2). */
function parseOrigin(text: string): string | null {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7e) return null
  }
  return normalizeOrigin(text)
}

/** Whether a part of an origin has nothing that a URL parser drops or reads as another component. */
function isPlain(part: string): boolean {
  for (let i = 0; i < part.length; i++) {
    if (part.charCodeAt(i) <= 0x20 || FORBIDDEN.includes(part[i])) return false
  }
  return true
}

function parseUrl(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}
