import { STATUS_CODES } from 'node:http'
import type { HandshakeError } from '../core/errors.ts'
import { acceptKey } from './accept-key.ts'
import { formatFields, type HeaderFields } from './header-field.ts'
import { isToken } from './header-grammar.ts'

/** What a 101 is made of (RFC 6455 §4.2.2). */
export interface Acceptance {
  /** The request's `Sec-WebSocket-Key`. */
  key: string
  /** One of the client's; none when left out. */
  subprotocol?: string | null
  /** The agreed ones, as `formatExtensions` writes them; none when left out. */
  extensions?: string | null
  /** The application's own fields. */
  headers?: HeaderFields
}

const ACCEPTANCE =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: '

/** Names that belong to the handshake or would give the 101 a body. */
const ACCEPT_NAMES: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
  'transfer-encoding',
  'upgrade',
])

/** Names that `formatRefusal` writes itself. */
const REFUSAL_NAMES: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-type',
  'date',
  'transfer-encoding',
])

/**
 * Writes the 101 that completes an opening handshake, to be sent as latin1 (RFC 6455 §4.2.2).
 *
 * @throws TypeError for a subprotocol that is no token, a field value with control characters or beyond latin1, or a
 *   field name that is no token or belongs to the handshake.
 */
export function formatAccept({ key, subprotocol, extensions, headers }: Acceptance): string {
  let head = `${ACCEPTANCE}${acceptKey(key)}\r\n`
  if (subprotocol !== undefined && subprotocol !== null) {
    if (!isToken(subprotocol)) throw new TypeError(`subprotocol ${JSON.stringify(subprotocol)}, must be a token`)
    head += `Sec-WebSocket-Protocol: ${subprotocol}\r\n`
  }
  if (extensions) head += `Sec-WebSocket-Extensions: ${extensions}\r\n`
  if (headers !== undefined) head += formatFields(headers, ACCEPT_NAMES)
  return `${head}\r\n`
}

/**
 * Encodes the whole HTTP answer that refuses an opening handshake: the error's status and fields, `Connection: close`
 * and the error's message as text (RFC 6455 §4.2.2). A HEAD request gets no body (RFC 9110 §9.3.2).
 *
 * @throws TypeError for a field of the error that cannot be sent or that is written here.
 */
export function formatRefusal(error: HandshakeError, method = 'GET', now: Date = new Date()): Buffer {
  const { status, headers } = error
  const body = Buffer.from(status === 304 ? '' : error.message)
  // RFC 9110 §7.8: who sends Upgrade, as a 426 has to, names it among the connection options.
  const announcesUpgrade = Object.keys(headers).some((name) => name.toLowerCase() === 'upgrade')
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
  head += announcesUpgrade ? 'Connection: close, Upgrade\r\n' : 'Connection: close\r\n'
  head += `Date: ${now.toUTCString()}\r\n`
  head += `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\n`
  head += `${formatFields(headers, REFUSAL_NAMES)}\r\n`
  const headBytes = Buffer.from(head, 'latin1')
  return method === 'HEAD' ? headBytes : Buffer.concat([headBytes, body])
}
