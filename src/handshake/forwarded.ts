import { isIP } from 'node:net'
import { trimBlanks } from './header-field.ts'
import { equalsIgnoreCase } from './header-grammar.ts'

/** Splits an `X-Forwarded-For` value into nodes, the client's first. `parseNode` parses each of them. */
export function parseForwardedFor(text: string): string[] {
  return splitUnquoted(text, ',').map((hop) => trimBlanks(hop))
}

/**
 * Returns the `for` parameter of each element of a `Forwarded` value, the client's first; `''` if missing (RFC 7239
 * §4).
 */
export function parseForwarded(text: string): string[] {
  return splitUnquoted(text, ',').map(readFor)
}

/**
 * Returns the IP address of a node, without the port, brackets and quotes that proxies add (RFC 7239 §6). Returns null
 * for `unknown`, an obfuscated identifier and anything else.
 */
export function parseNode(text: string): string | null {
  const node = unquote(text)
  if (isIP(node) !== 0) return node
  const [, address] = /^\[([^[\]]*)\](?::\d{1,5})?$/.exec(node) ?? /^([\d.]*):\d{1,5}$/.exec(node) ?? []
  return address !== undefined && isIP(address) !== 0 ? address : null
}

function readFor(element: string): string {
  for (const pair of splitUnquoted(element, ';')) {
    const equals = pair.indexOf('=')
    if (equals !== -1 && equalsIgnoreCase(trimBlanks(pair, 0, equals), 'for')) return trimBlanks(pair, equals + 1)
  }
  return ''
}

/** Splits a text at a separator outside of quoted strings (RFC 9110 §5.6.4). */
function splitUnquoted(text: string, separator: string): string[] {
  const parts: string[] = []
  let start = 0
  let isQuoted = false
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') isQuoted = !isQuoted
    else if (isQuoted && text[i] === '\\') i++
    else if (!isQuoted && text[i] === separator) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

function unquote(text: string): string {
  const isQuoted = text.length > 1 && text.startsWith('"') && text.endsWith('"')
  return isQuoted ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1') : text
}
