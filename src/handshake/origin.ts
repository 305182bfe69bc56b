import { isValidHost } from './authority.ts'

/** Maximum length of an origin. A scheme, a name of 255 characters and a port are shorter. */
const MAX_ORIGIN = 512

/** Characters that would let a URL parser find more than a host and a port after `scheme://`. */
const FORBIDDEN = '/\\?#@%'

/**
 * Normalizes an origin for comparison: scheme and host in lower case, an international name in Punycode, no default
 * port (RFC 6454 §6.2). Returns `'null'`, the opaque origin, and `'file://'`, which some web views send, unchanged.
 * Returns null when the text is not an origin.
 */
export function normalizeOrigin(text: string): string | null {
  if (text === 'null' || text === 'file://') return text
  if (text.length > MAX_ORIGIN) return null
  const schemeEnd = text.indexOf('://')
  if (schemeEnd < 0 || !isPlain(text.slice(0, schemeEnd)) || !isPlain(text.slice(schemeEnd + 3))) return null
  const url = parseUrl(text)
  if (url === null || url.host === '') return null
  return `${url.protocol}//${url.host.toLowerCase()}`
}

/** An origin, or all origins whose hosts are subdomains of a domain (RFC 6455 §10.2). */
export interface OriginPattern {
  /** The text as the user wrote it. */
  readonly source: string
  /** The normalized origin, or its part before the subdomain. */
  readonly prefix: string
  /** The part of the normalized origin after the subdomain; null when the pattern is a single origin. */
  readonly suffix: string | null
}

/** Replaces the `*` of a pattern while it is parsed as a URL. */
const ANY_SUBDOMAIN = 'any-subdomain'

/** Parses an origin, or a pattern such as `https://*.example.com`. Returns null when the text is neither. */
export function parseOriginPattern(source: string): OriginPattern | null {
  const origin = normalizeOrigin(source.replace('://*.', `://${ANY_SUBDOMAIN}.`))
  if (origin === null || origin.includes('*')) return null
  if (!source.includes('://*.')) return { source, prefix: origin, suffix: null }
  const [prefix, suffix] = origin.split(ANY_SUBDOMAIN)
  return suffix === '.' ? null : { source, prefix, suffix }
}

/**
 * Returns whether a request's `Origin` equals the server's own in scheme, host and port (RFC 6455 §10.2).
 *
 * @param host The `Host` of the request.
 * @param secure Whether the request arrived over TLS.
 */
export function isSameOrigin(origin: string, host: string, secure: boolean): boolean {
  if (!isValidHost(host)) return false
  const own = normalizeOrigin(`${secure ? 'https' : 'http'}://${host}`)
  return own !== null && own === parseOrigin(origin)
}

/**
 * Returns whether a request's `Origin` matches a pattern in scheme, host and port (RFC 6455 §10.2). Names are compared
 * whole. `'null'` matches only when it is in the list.
 */
export function matchesOrigin(origin: string, patterns: readonly OriginPattern[]): boolean {
  const found = parseOrigin(origin)
  return found !== null && patterns.some((pattern) => matchesPattern(found, pattern))
}

function matchesPattern(origin: string, { prefix, suffix }: OriginPattern): boolean {
  if (suffix === null) return origin === prefix
  return origin.length > prefix.length + suffix.length && origin.startsWith(prefix) && origin.endsWith(suffix)
}

/** Parses the origin of a field value. Browsers send ASCII, so other characters make it invalid (RFC 6454 §6.2). */
function parseOrigin(text: string): string | null {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7e) return null
  }
  return normalizeOrigin(text)
}

/** Returns whether a part of an origin has no character that a URL parser drops or reads as another component. */
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
