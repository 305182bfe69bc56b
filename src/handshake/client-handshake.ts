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

/** The parts of a client's request that its response is checked against (RFC 6455 §4.1). */
export interface ClientOffer {
  key: string
  /** In the client's order of preference. */
  subprotocols?: readonly string[] | undefined
  /** In the client's order of preference. */
  extensions?: readonly Extension[] | undefined
}

/** The parts of a client's opening handshake (RFC 6455 §4.1). */
export interface ClientRequest extends ClientOffer {
  /** `host[:port]`. */
  host: string
  /** Path and query, beginning with `/`. */
  target: string
  /** The application's own fields, such as `Origin` or `Cookie`. */
  headers?: HeaderFields | undefined
}

/** The head of an HTTP response, such as node's `IncomingMessage` (RFC 9112 §2.1). */
export interface ResponseHead {
  readonly statusCode?: number | undefined
  /** As in `'1.1'`. */
  readonly httpVersion: string
  /** Names and values in turn, as sent. */
  readonly rawHeaders: readonly string[]
}

/** What client and server agreed on in the opening handshake (RFC 6455 §4.1). */
export interface HandshakeAgreement {
  /** `null` when the server has chosen none. */
  subprotocol: string | null
  /** A subset of the offered names; the extensions check their own parameters. */
  extensions: Extension[]
}

/** The status of a response that breaks a rule (RFC 9110 §15.6.3). */
const BAD_GATEWAY = 502

/** Fields that the handshake sets itself, or that would give the request a body. */
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
 * Formats a client's opening handshake, to be sent as latin1 (RFC 6455 §4.1).
 *
 * @throws {TypeError} when the host or target is malformed, a subprotocol is repeated or not a token, or a field has a
 *   name that is not a token or that the handshake sets, or a value that is not latin1 or has control characters.
 */
export function formatRequest({ host, target, key, subprotocols, extensions, headers }: ClientRequest): string {
  if (!isValidHost(host)) throw new TypeError(`host is ${JSON.stringify(host)}; allowed: a name or address, and a port`)
  if (!target.startsWith('/') || parseRequestTarget(target) === null) {
    throw new TypeError(`request target is ${JSON.stringify(target)}; allowed: a path without fragment`)
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
 * The fields of a client's opening handshake over HTTP/2: an extended CONNECT (RFC 8441 §5).
 *
 * @param scheme `http` or `https`.
 * @throws {TypeError} when `formatRequest` does.
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
    throw new TypeError(`subprotocols are ${JSON.stringify(names)}; allowed: tokens, each once`)
  }
  return text
}

/**
 * Checks a server's response to `formatRequest` (RFC 6455 §4.1).
 *
 * @throws {HandshakeError} when its status is not 101, with that status; 502 when a 101 breaks a rule.
 */
export function checkUpgradeResponse(response: ResponseHead, offer: ClientOffer): HandshakeAgreement {
  const { httpVersion, rawHeaders } = response
  checkStatus(response, 101)
  if (httpVersion === '1.0') throw badResponse('ERR_WS_HTTP_VERSION', 'the server answered with HTTP/1.0')
  const upgrade = readSingle(rawHeaders, 'Upgrade', BAD_GATEWAY)
  if (upgrade?.toLowerCase() !== 'websocket') throw badResponse('ERR_WS_UPGRADE', 'Upgrade field is not websocket')
  const options = parseTokenList(fieldValues(rawHeaders, 'connection').join())
  if (options === null || !hasToken(options, 'upgrade')) {
    throw badResponse('ERR_WS_CONNECTION', 'Connection field without the token upgrade')
  }
  if (readSingle(rawHeaders, 'Sec-WebSocket-Accept', BAD_GATEWAY) !== acceptKey(offer.key)) {
    throw badResponse('ERR_WS_ACCEPT', 'Sec-WebSocket-Accept does not answer the key')
  }
  return { subprotocol: readSubprotocol(rawHeaders, offer), extensions: readExtensions(rawHeaders, offer) }
}

/**
 * Checks a server's response to `formatConnect` (RFC 8441 §5).
 *
 * @throws {HandshakeError} when its status is not 200, with that status; 502 when a 200 breaks a rule.
 */
export function checkConnectResponse(response: ResponseHead, offer: Omit<ClientOffer, 'key'>): HandshakeAgreement {
  const { rawHeaders } = response
  checkStatus(response, 200)
  return { subprotocol: readSubprotocol(rawHeaders, offer), extensions: readExtensions(rawHeaders, offer) }
}

function checkStatus({ statusCode = BAD_GATEWAY }: ResponseHead, expected: number): void {
  if (statusCode === expected) return
  const message = `the server answered ${statusCode}, must be ${expected}`
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
