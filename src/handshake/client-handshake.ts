import { HandshakeError } from '../core/errors.ts'
import { acceptKey } from './accept-key.ts'
import { isValidHost } from './authority.ts'
import { fieldValues, formatFields, type HeaderFields } from './header-field.ts'
import {
  type Extension,
  formatExtensions,
  hasToken,
  isToken,
  parseExtensions,
  parseSubprotocols,
  parseTokenList,
} from './header-grammar.ts'
import { parseRequestTarget } from './request-target.ts'

/** What a client's request names, to hold the answer against it (RFC 6455 §4.1). */
export interface ClientOffer {
  key: string
  /** The client's favourite first. */
  subprotocols?: readonly string[]
  /** The client's favourite first. */
  extensions?: readonly Extension[]
}

/** What a client's request is made of (RFC 6455 §4.1). */
export interface ClientRequest extends ClientOffer {
  /** `host[:port]`. */
  host: string
  /** Path and query, beginning with `/`. */
  target: string
  /** The application's own fields, such as `Origin` or `Cookie`. */
  headers?: HeaderFields
}

/** The head of an HTTP answer; node's `IncomingMessage` is one (RFC 9112 §2.1). */
export interface ResponseHead {
  readonly statusCode?: number
  /** As in `'1.1'`. */
  readonly httpVersion: string
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: readonly string[]
}

/** What client and server agreed on (RFC 6455 §4.1). */
export interface Agreement {
  /** `null` when the server chose none. */
  subprotocol: string | null
  /** A subset of the names offered; their parameters are for the extension to judge. */
  extensions: Extension[]
}

/** Names that belong to the handshake or would give the request a body. */
const REQUEST_NAMES: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
  'transfer-encoding',
  'upgrade',
])

/**
 * Writes a client's opening handshake, to be sent as latin1 (RFC 6455 §4.1).
 *
 * @throws TypeError for a host or target that cannot be sent, subprotocols that are no tokens or not unique, a field
 *   value with control characters or beyond latin1, or a field name that is no token or belongs to the handshake.
 */
export function formatRequest({ host, target, key, subprotocols, extensions, headers }: ClientRequest): string {
  if (!isValidHost(host)) throw new TypeError(`host ${JSON.stringify(host)}, must be a name or address and a port`)
  if (!target.startsWith('/') || parseRequestTarget(target) === null) {
    throw new TypeError(`request target ${JSON.stringify(target)}, must be a path without fragment`)
  }
  let head = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`
  head += `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n`
  if (subprotocols !== undefined && subprotocols.length > 0) {
    head += `Sec-WebSocket-Protocol: ${formatSubprotocols(subprotocols)}\r\n`
  }
  if (extensions !== undefined && extensions.length > 0) {
    head += `Sec-WebSocket-Extensions: ${formatExtensions(extensions)}\r\n`
  }
  if (headers !== undefined) head += formatFields(headers, REQUEST_NAMES)
  return `${head}\r\n`
}

function formatSubprotocols(names: readonly string[]): string {
  const text = names.join(', ')
  if (!names.every(isToken) || parseSubprotocols(text) === null) {
    throw new TypeError(`subprotocols ${JSON.stringify(names)}, must be tokens, each once`)
  }
  return text
}

/**
 * Checks a server's answer to `formatRequest` (RFC 6455 §4.1).
 *
 * @throws HandshakeError with the status of an answer that is no 101, with 502 for a 101 that breaks a rule.
 */
export function checkResponse(response: ResponseHead, offer: ClientOffer): Agreement {
  const { statusCode = 502, httpVersion, rawHeaders } = response
  if (statusCode !== 101) {
    throw new HandshakeError(statusCode, 'ERR_WS_UNEXPECTED_STATUS', `the server answered ${statusCode}, must be 101`)
  }
  if (httpVersion === '1.0') throw badResponse('ERR_WS_HTTP_VERSION', 'the server answered by HTTP/1.0')
  const upgrade = readSingle(rawHeaders, 'Upgrade')
  if (upgrade?.toLowerCase() !== 'websocket') throw badResponse('ERR_WS_UPGRADE', 'Upgrade field is not websocket')
  const options = parseTokenList(fieldValues(rawHeaders, 'connection').join())
  if (options === null || !hasToken(options, 'upgrade')) {
    throw badResponse('ERR_WS_CONNECTION', 'Connection field without the token upgrade')
  }
  if (readSingle(rawHeaders, 'Sec-WebSocket-Accept') !== acceptKey(offer.key)) {
    throw badResponse('ERR_WS_ACCEPT', 'Sec-WebSocket-Accept does not answer the key')
  }
  return { subprotocol: readSubprotocol(rawHeaders, offer), extensions: readExtensions(rawHeaders, offer) }
}

function readSubprotocol(rawHeaders: readonly string[], { subprotocols = [] }: ClientOffer): string | null {
  const name = readSingle(rawHeaders, 'Sec-WebSocket-Protocol')
  if (name !== null && !subprotocols.includes(name)) {
    throw badResponse('ERR_WS_SUBPROTOCOL', `subprotocol ${JSON.stringify(name)} was not asked for`)
  }
  return name
}

function readExtensions(rawHeaders: readonly string[], { extensions: offered = [] }: ClientOffer): Extension[] {
  const text = readSingle(rawHeaders, 'Sec-WebSocket-Extensions')
  if (text === null) return []
  const agreed = parseExtensions(text)
  if (agreed === null) throw badResponse('ERR_WS_EXTENSIONS', 'Sec-WebSocket-Extensions is malformed')
  const names = new Set<string>()
  for (const { name } of agreed) {
    if (!offered.some((extension) => extension.name === name)) {
      throw badResponse('ERR_WS_EXTENSIONS', `extension ${JSON.stringify(name)} was not offered`)
    }
    if (names.has(name)) throw badResponse('ERR_WS_EXTENSIONS', `extension ${JSON.stringify(name)} stands twice`)
    names.add(name)
  }
  return agreed
}

/** The value of a field that stands at most once in an answer (RFC 6455 §11.3). */
function readSingle(rawHeaders: readonly string[], name: string): string | null {
  const values = fieldValues(rawHeaders, name)
  if (values.length > 1) {
    throw badResponse('ERR_WS_DUPLICATE_FIELD', `${values.length} ${name} fields, must be at most one`)
  }
  return values.length === 0 ? null : values[0]
}

function badResponse(code: string, message: string): HandshakeError {
  return new HandshakeError(502, code, message)
}
