import type { HandshakeError } from '../core/errors.ts'
import { formatFields, type HeaderFields } from './header-field.ts'
import { type Acceptance, forAccept, formatAccept, formatRefusal } from './upgrade-response.ts'

/** The fields of a response over HTTP/2: `:status` and names in lower case (RFC 9113 §8.3.2). */
export type Http2Fields = Record<string, string | readonly string[] | number>

/** Connection-specific fields of HTTP/1.1, which must not be sent over HTTP/2 (RFC 9113 §8.2.2). */
const CONNECTION_FIELDS = /^(?:connection|http2-settings|keep-alive|proxy-connection|te|transfer-encoding|upgrade)$/

/**
 * Returns the fields of the 200 response that completes an opening handshake over HTTP/2 (RFC 8441 §5): those of
 * `formatAccept` without `Upgrade`, `Connection` and `Sec-WebSocket-Accept`.
 *
 * @throws {TypeError} when `formatAccept` would throw it.
 */
export function formatHttp2Accept(acceptance: Omit<Acceptance, 'key'>): Http2Fields {
  const { subprotocol, extensions, headers = {} } = acceptance
  formatAccept({ ...acceptance, key: '' })
  return {
    ':status': 200,
    ...toHttp2Fields(headers),
    ...(subprotocol ? { 'sec-websocket-protocol': subprotocol } : {}),
    ...(extensions ? { 'sec-websocket-extensions': extensions } : {}),
  }
}

/**
 * Adds fields of the application to those of `formatHttp2Accept`, as `addAcceptFields` does for a 101 response.
 *
 * @throws {TypeError} when a field cannot be sent.
 */
export function addHttp2AcceptFields(accepted: Http2Fields, fields: HeaderFields): Http2Fields {
  const allowed = forAccept(fields)
  formatFields(allowed, NONE)
  const added = toHttp2Fields(allowed)
  const cookies = [accepted, added].flatMap((it) => (it['set-cookie'] ?? []) as string | string[])
  return { ...added, ...accepted, ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}) }
}

const NONE: ReadonlySet<string> = new Set()

/**
 * Returns the fields of the response that refuses an opening handshake over HTTP/2. A 426 becomes a 400, because 426
 * refers to `Upgrade`, which HTTP/2 does not have (RFC 9113 §8.6).
 *
 * @throws {TypeError} when `formatRefusal` would throw it.
 */
export function formatHttp2Refusal(error: HandshakeError): Http2Fields {
  formatRefusal(error)
  const status = error.status === 426 ? 400 : error.status
  return { ':status': status, 'content-type': 'text/plain; charset=utf-8', ...toHttp2Fields(error.headers) }
}

/** Converts names to lower case (RFC 9113 §8.2.1) and removes the fields that HTTP/2 does not have. */
export function toHttp2Fields(fields: HeaderFields): Http2Fields {
  const named = Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value] as const)
  return Object.fromEntries(named.filter(([name]) => !CONNECTION_FIELDS.test(name)))
}
