import { HandshakeError } from '../core/errors.ts'
import { acceptKey } from './accept-key.ts'
import { isValidHost } from './authority.ts'
import { fieldValues, formatFields, type HeaderFields, readSingle } from './header-field.ts'
import {
  type Extension,
  formatExtensions,
  hasToken,
  isToken,
  parseExtensions,
  parseSubprotocols,
  parseTokenList,
} from './header-grammar.ts'
import { type Http2Fields, toHttp2Fields } from './http2-response.ts'
import { parseRequestTarget } from './request-target.ts'

/** The parts of a client's request that are needed to check the response (RFC 6455 §4.1). */
export interface ClientOffer {
  key: string
  /** Requested subprotocols, in order of preference. Default: none. */
  subprotocols?: readonly string[] | undefined
  /** Offered extensions, in order of preference. Default: none. */
  extensions?: readonly Extension[] | undefined
}

/** The parts of a client's request (RFC 6455 §4.1). */
export interface ClientRequest extends ClientOffer {
  /** `host[:port]`, the value of the `Host` field. */
  host: string
  /** Path and query; begins with `/`. */
  target: string
  /** Header fields of the application, such as `Origin` or `Cookie`. Default: none. */
  headers?: HeaderFields | undefined
}

/** The head of an HTTP response, for example an `IncomingMessage` of Node (RFC 9112 §2.1). */
export interface ResponseHead {
  readonly statusCode?: number | undefined
  /** The version of HTTP, for example `'1.1'`. */
  readonly httpVersion: string
  /** Alternating names and values, as sent. */
  readonly rawHeaders: readonly string[]
}

/** The result of an opening handshake (RFC 6455 §4.1). */
export interface HandshakeAgreement {
  /** The subprotocol that the server has selected; null when it has selected none. */
  subprotocol: string | null
  /** The accepted extensions, whose names were offered. The extensions check their parameters themselves. */
  extensions: Extension[]
}

/** The status of an error for an invalid response (RFC 9110 §15.6.3). */
const BAD_GATEWAY = 502

/** Header fields that the handshake sets itself, or that would give the request a body. */
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
 * Formats a client's request for an opening handshake, to be sent as Latin-1 (RFC 6455 §4.1).
 *
 * @throws {TypeError} when the host or target is malformed, when a subprotocol occurs twice or is not a token, when the
 *   handshake itself sets one of `headers`, when the name of a field is not a token, or when a value contains control
 *   characters or is not Latin-1.
 */
export function formatRequest({ host, target, key, subprotocols, extensions, headers }: ClientRequest): string {
  if (!isValidHost(host))
    throw new TypeError(`host is ${JSON.stringify(host)}; allowed: a name or address, and optionally a port`)
  if (!target.startsWith('/') || parseRequestTarget(target) === null) {
    throw new TypeError(`request target is ${JSON.stringify(target)}; allowed: a path without a fragment`)
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

/**
 * Returns the fields of a client's opening handshake over HTTP/2, an extended CONNECT request (RFC 8441 §5).
 *
 * @param scheme `http` or `https`.
 * @throws {TypeError} when `formatRequest` would throw it.
 */
export function formatConnect(request: Omit<ClientRequest, 'key'>, scheme: string): Http2Fields {
  const { host, target, subprotocols = [], extensions = [], headers = {} } = request
  formatRequest({ ...request, key: '' })
  return {
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': scheme,
    ':path': target,
    ':authority': host,
    'sec-websocket-version': '13',
    ...(subprotocols.length > 0 ? { 'sec-websocket-protocol': formatSubprotocols(subprotocols) } : {}),
    ...(extensions.length > 0 ? { 'sec-websocket-extensions': formatExtensions(extensions) } : {}),
    ...toHttp2Fields(headers),
  }
}

function formatSubprotocols(names: readonly string[]): string {
  const text = names.join(', ')
  if (!names.every(isToken) || parseSubprotocols(text) === null) {
    throw new TypeError(`subprotocols are ${JSON.stringify(names)}; allowed: distinct tokens`)
  }
  return text
}

/**
 * Checks a server's response to a request from `formatRequest` (RFC 6455 §4.1).
 *
 * @throws {HandshakeError} when the status is not 101, with that status; 502 when a 101 response is invalid.
 */
export function checkUpgradeResponse(response: ResponseHead, offer: ClientOffer): HandshakeAgreement {
  const { httpVersion, rawHeaders } = response
  checkStatus(response, 101)
  if (httpVersion === '1.0')
    throw badResponse('ERR_WS_HTTP_VERSION', 'HTTP version of the response is 1.0; allowed: 1.1')
  const upgrade = readSingle(rawHeaders, 'Upgrade', BAD_GATEWAY)
  if (upgrade?.toLowerCase() !== 'websocket')
    throw badResponse('ERR_WS_UPGRADE', 'Upgrade field of the response is not websocket')
  const options = parseTokenList(fieldValues(rawHeaders, 'connection').join())
  if (options === null || !hasToken(options, 'upgrade')) {
    throw badResponse('ERR_WS_CONNECTION', 'Connection field of the response lacks the token upgrade')
  }
  if (readSingle(rawHeaders, 'Sec-WebSocket-Accept', BAD_GATEWAY) !== acceptKey(offer.key)) {
    throw badResponse('ERR_WS_ACCEPT', 'Sec-WebSocket-Accept does not match the Sec-WebSocket-Key of the request')
  }
  return { subprotocol: readSubprotocol(rawHeaders, offer), extensions: readExtensions(rawHeaders, offer) }
}

/**
 * Checks a server's response to a request from `formatConnect` (RFC 8441 §5).
 *
 * @throws {HandshakeError} when the status is not 200, with that status; 502 when a 200 response is invalid.
 */
export function checkConnectResponse(response: ResponseHead, offer: Omit<ClientOffer, 'key'>): HandshakeAgreement {
  const { rawHeaders } = response
  checkStatus(response, 200)
  return { subprotocol: readSubprotocol(rawHeaders, offer), extensions: readExtensions(rawHeaders, offer) }
}

function checkStatus({ statusCode = BAD_GATEWAY }: ResponseHead, expected: number): void {
  if (statusCode === expected) return
  const message = `response status is ${statusCode}; allowed: ${expected}`
  throw new HandshakeError(statusCode, 'ERR_WS_UNEXPECTED_STATUS', message)
}

function readSubprotocol(
  rawHeaders: readonly string[],
  { subprotocols = [] }: Omit<ClientOffer, 'key'>,
): string | null {
  const name = readSingle(rawHeaders, 'Sec-WebSocket-Protocol', BAD_GATEWAY)
  if (name !== null && !subprotocols.includes(name)) {
    throw badResponse('ERR_WS_SUBPROTOCOL', `subprotocol ${JSON.stringify(name)} was not requested`)
  }
  return name
}

function readExtensions(
  rawHeaders: readonly string[],
  { extensions: offered = [] }: Omit<ClientOffer, 'key'>,
): Extension[] {
  const text = readSingle(rawHeaders, 'Sec-WebSocket-Extensions', BAD_GATEWAY)
  if (text === null) return []
  const agreed = parseExtensions(text)
  if (agreed === null) throw badResponse('ERR_WS_EXTENSIONS', 'Sec-WebSocket-Extensions is malformed')
  const names = new Set<string>()
  for (const { name } of agreed) {
    if (!offered.some((extension) => extension.name === name)) {
      throw badResponse('ERR_WS_EXTENSIONS', `extension ${JSON.stringify(name)} was not offered`)
    }
    if (names.has(name)) throw badResponse('ERR_WS_EXTENSIONS', `extension ${JSON.stringify(name)} occurs twice`)
    names.add(name)
  }
  return agreed
}

function badResponse(code: string, message: string): HandshakeError {
  return new HandshakeError(BAD_GATEWAY, code, message)
}
