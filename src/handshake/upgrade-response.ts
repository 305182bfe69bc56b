import { STATUS_CODES } from 'node:http'
import type { HandshakeError } from '../core/errors.ts'
import { acceptKey } from './accept-key.ts'
import { formatFields, type HeaderFields } from './header-field.ts'
import { isToken } from './header-grammar.ts'

/** The parts of a 101 response (RFC 6455 §4.2.2). */
export interface Acceptance {
  /** The `Sec-WebSocket-Key` of the request. */
  key: string
  /** The selected subprotocol, one of the requested ones. Default: none. */
  subprotocol?: string | null | undefined
  /** The accepted extensions, as the value of `Sec-WebSocket-Extensions` (RFC 6455 §9.1). Default: none. */
  extensions?: string | null | undefined
  /** Header fields of the application. Default: none. */
  headers?: HeaderFields | undefined
}

const ACCEPTANCE =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: '

/** Header fields that the handshake sets itself, or that would give the 101 response a body. */
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

/** Header fields that `formatRefusal` sets itself. */
const REFUSAL_NAMES: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-type',
  'date',
  'transfer-encoding',
])

/**
 * Formats the 101 response that completes an opening handshake, to be sent as Latin-1 (RFC 6455 §4.2.2).
 *
 * @throws {TypeError} when the subprotocol is not a token, when `headers` contains a field that the handshake sets,
 *   `Content-Length` or `Transfer-Encoding`, when the name of a field is not a token, or when a value contains control
 *   characters or is not Latin-1.
 */
export function formatAccept({ key, subprotocol, extensions, headers }: Acceptance): string {
  let head = `${ACCEPTANCE}${acceptKey(key)}\r\n`
  if (subprotocol !== undefined && subprotocol !== null) {
    if (!isToken(subprotocol)) throw new TypeError(`subprotocol is ${JSON.stringify(subprotocol)}; allowed: a token`)
    head += `Sec-WebSocket-Protocol: ${subprotocol}\r\n`
  }
  if (extensions) head += `Sec-WebSocket-Extensions: ${extensions}\r\n`
  if (headers !== undefined) head += formatFields(headers, ACCEPT_NAMES)
  return `${head}\r\n`
}

/** Header fields that a 101 response must not have, in addition to those of the handshake. */
const NOT_FOR_ACCEPT = /^(?:content-.*|date|keep-alive|trailer)$/i

/**
 * Adds header fields to a 101 response from `formatAccept`. Those that a 101 response must not have and those of the
 * handshake are left out, because an application may set them for its usual responses.
 *
 * @throws {TypeError} when a field cannot be sent.
 */
export function addAcceptFields(head: string, fields: HeaderFields): string {
  return `${head.slice(0, -2)}${formatFields(forAccept(fields), ACCEPT_NAMES)}\r\n`
}

/** Returns the application's header fields that are allowed in a response that accepts the handshake. */
export function forAccept(fields: HeaderFields): HeaderFields {
  const isAllowed = ([name]: [string, unknown]): boolean =>
    !ACCEPT_NAMES.has(name.toLowerCase()) && !NOT_FOR_ACCEPT.test(name)
  return Object.fromEntries(Object.entries(fields).filter(isAllowed))
}

/**
 * Encodes the HTTP response that refuses an opening handshake (RFC 6455 §4.2.2): the status and fields of the error,
 * `Connection: close`, and the message of the error as text. The response to HEAD has no body (RFC 9110 §9.3.2).
 *
 * @param method The method of the request. Default `'GET'`.
 * @param now The time in the field `Date`. Default: the current time.
 * @throws {TypeError} when a field of the error cannot be sent or is set by this function.
 */
export function formatRefusal(error: HandshakeError, method = 'GET', now: Date = new Date()): Buffer {
  const { status, headers } = error
  const body = Buffer.from(status === 304 ? '' : error.message)
  // RFC 9110 §7.8: a sender of Upgrade, as in a 426, lists it among the connection options.
  const announcesUpgrade = Object.keys(headers).some((name) => name.toLowerCase() === 'upgrade')
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
  head += announcesUpgrade ? 'Connection: close, Upgrade\r\n' : 'Connection: close\r\n'
  head += `Date: ${now.toUTCString()}\r\n`
  head += `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\n`
  head += `${formatFields(headers, REFUSAL_NAMES)}\r\n`
  const headBytes = Buffer.from(head, 'latin1')
  return method === 'HEAD' ? headBytes : Buffer.concat([headBytes, body])
}
