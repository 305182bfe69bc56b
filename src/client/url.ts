import { isValidHost } from '../handshake/authority.ts'

const SCHEMES: Readonly<Record<string, string>> = {
  'ws:': 'http:',
  'wss:': 'https:',
  'http:': 'http:',
  'https:': 'https:',
}

/**
 * Converts a WebSocket URL to the `http:` or `https:` URL of its handshake (RFC 6455 §3).
 *
 * @throws {TypeError} when the URL is invalid, or has another scheme, a malformed host, a fragment, a user name or a
 *   password.
 */
export function readUrl(text: string | URL): URL {
  const url = new URL(text)
  const scheme = SCHEMES[url.protocol]
  if (scheme === undefined) throw new TypeError(`scheme of the URL is ${url.protocol}; allowed: ws:, wss:`)
  if (url.hash !== '') throw new TypeError(`fragment of the URL is ${url.hash}; allowed: none (RFC 6455 §3)`)
  if (url.username !== '' || url.password !== '') {
    throw new TypeError('URL has a user name or password; allowed: the header field Authorization')
  }
  if (!isValidHost(url.host)) throw new TypeError(`host of the URL is ${url.host}; allowed: a name or address`)
  url.protocol = scheme
  return url
}
