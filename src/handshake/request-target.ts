import { isValidHost } from './authority.ts'

/** A parsed request target (RFC 9112 §3.2). */
export interface RequestTarget {
  /** The path as sent: it begins with `/`, and percent escapes are not decoded. */
  path: string
  /** The part after the `?`, as sent; empty when there is none. */
  query: string
  /** The authority of a target in absolute form, which overrides `Host` (RFC 9112 §3.2.2); otherwise null. */
  authority: string | null
}

const SCHEMES = ['http', 'https', 'ws', 'wss']

/**
 * Parses a request target in origin form or absolute form. Returns null for any other form, user info, a fragment (RFC
 * 6455 §3), or characters other than visible ASCII. Percent escapes and characters such as `|`, which browsers send,
 * are allowed.
 */
export function parseRequestTarget(target: string): RequestTarget | null {
  if (!isVisible(target)) return null
  if (target.startsWith('/')) return splitQuery(target, null)
  const schemeEnd = target.indexOf('://')
  if (schemeEnd < 0 || !SCHEMES.includes(target.slice(0, schemeEnd).toLowerCase())) return null
  const start = schemeEnd + 3
  const end = authorityEnd(target, start)
  const authority = target.slice(start, end)
  if (!isValidHost(authority)) return null
  const rest = target.slice(end)
  // RFC 6455 §3: an empty path means “/”.
  return splitQuery(rest.startsWith('/') ? rest : `/${rest}`, authority)
}

/** Returns whether a target has only visible ASCII characters and no `#`. */
function isVisible(target: string): boolean {
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i)
    if (code <= 0x20 || code >= 0x7f || code === 0x23) return false
  }
  return true
}

function authorityEnd(target: string, start: number): number {
  for (let i = start; i < target.length; i++) {
    if (target[i] === '/' || target[i] === '?') return i
  }
  return target.length
}

function splitQuery(target: string, authority: string | null): RequestTarget {
  const mark = target.indexOf('?')
  if (mark < 0) return { path: target, query: '', authority }
  return { path: target.slice(0, mark), query: target.slice(mark + 1), authority }
}
