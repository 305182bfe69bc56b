import { isValidHost } from './authority.ts'

/** Length limit of an origin; a scheme, a name of 255 characters and a port are shorter. */
const MAX_ORIGIN = 512

/** Characters with which a URL parser would find more than a host and a port behind `scheme://`. */
const FORBIDDEN = '/\\?#@%'

/**
 * The normal form of an origin, for comparison: scheme and host in lower case, an international name in punycode, no
 * default port (RFC 6454 §6.2). `null` when the text is not an origin; `'null'` for the opaque origin, `'file://'` as
 * some web views send it.
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

/** An origin, or all origins whose host is below a domain (RFC 6455 §10.2). */
export interface OriginPattern {
  /** The text as the user wrote it. */
  readonly source: string
  /** Of the normal form: all of it, or the part before the subdomain. */
  readonly prefix: string
  /** The part behind the subdomain; `null` for a whole origin. */
  readonly suffix: string | null
}

/** Stands for the `*` of a pattern while it is parsed as a URL. */
const ANY_SUBDOMAIN = 'any-subdomain'

/** Parses an origin, or a pattern such as `https://*.example.com`; `null` when it is neither. */
export function parseOriginPattern(source: string): OriginPattern | null {
  const origin = normalizeOrigin(source.replace('://*.', `://${ANY_SUBDOMAIN}.`))
  if (origin === null || origin.includes('*')) return null
  if (!source.includes('://*.')) return { source, prefix: origin, suffix: null }
  const [prefix, suffix] = origin.split(ANY_SUBDOMAIN)
  return suffix === '.' ? null : { source, prefix, suffix }
}

/**
 * Whether a request's `Origin` is the origin of its server: scheme, host and port exactly (RFC 6455 §10.2).
 *
 * @param host The request's `Host`.
 * @param secure Whether the request arrived over TLS.
 */
export function isSameOrigin(origin: string, host: string, secure: boolean): boolean {
  if (!isValidHost(host)) return false
  const own = normalizeOrigin(`${secure ? 'https' : 'http'}://${host}`)
  return own !== null && own === parseOrigin(origin)
}

/**
 * Whether a request's `Origin` matches a pattern: scheme, host and port exactly, never a part of a name
 * (RFC 6455 §10.2). `'null'` matches only when it is listed.
 */
export function matchesOrigin(origin: string, patterns: readonly OriginPattern[]): boolean {
  const found = parseOrigin(origin)
  return found !== null && patterns.some((pattern) => matchesPattern(found, pattern))
}

function matchesPattern(origin: string, { prefix, suffix }: OriginPattern): boolean {
  if (suffix === null) return origin === prefix
  return origin.length > prefix.length + suffix.length && origin.startsWith(prefix) && origin.endsWith(suffix)
}

/** The origin of a field value; browsers send ASCII, so anything else is not an origin (RFC 6454 §6.2). */
function parseOrigin(text: string): string | null {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7e) return null
  }
  return normalizeOrigin(text)
}

/** Whether a part of an origin has no character that a URL parser drops or reads as another component. */
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
