import { HandshakeError } from '../core/errors.ts'
import { isValidKey } from './accept-key.ts'
import { isValidHost } from './authority.ts'
import { fieldValues, findField, readSingle, trimBlanks } from './header-field.ts'
import {
  type Extension,
  equalsIgnoreCase,
  hasToken,
  parseExtensions,
  parseProtocolList,
  parseSubprotocols,
  parseTokenList,
} from './header-grammar.ts'
import { parseRequestTarget, type RequestTarget } from './request-target.ts'

/** The head of an HTTP request, for example an `IncomingMessage` of Node (RFC 9112 §2.1). */
export interface UpgradeRequestHead {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** The version of HTTP, for example `'1.1'`. */
  readonly httpVersion: string
  /** Alternating names and values, as sent. */
  readonly rawHeaders: readonly string[]
}

/** The contents of a valid opening handshake (RFC 6455 §4.2.1). */
export interface UpgradeRequest {
  /** The `Sec-WebSocket-Key`, from which `acceptKey` computes the response; empty over HTTP/2, which has no key. */
  key: string
  /** Requested subprotocols, in order of the client's preference; empty without the field. */
  subprotocols: string[]
  /** Offered extensions, in order of the client's preference; empty without the field. */
  extensions: Extension[]
  /** The `Origin` field as sent; null when there is none, which means that the client is not a browser. */
  origin: string | null
  /** The `host[:port]` that the request was sent to. */
  host: string
  /** The path: it begins with `/`, and percent escapes are not decoded. */
  path: string
  /** The part after the `?`; empty when there is none. */
  query: string
}

/**
 * Maximum number of fields in a request. Node's parser drops fields above its own limit, so they could not be checked.
 */
export const MAX_FIELD_COUNT = 1_000

/** The only supported version of the protocol (RFC 6455 §4.1). */
const VERSION = '13'

/** The status of the response to an invalid request (RFC 9110 §15.5.1). */
const BAD_REQUEST = 400

const VERSION_HEADERS = { 'Sec-WebSocket-Version': VERSION }

/**
 * Returns whether a request asks for WebSocket over HTTP/1.1: `Upgrade` lists `websocket` and `Connection` lists
 * `upgrade`. Any other request, such as one with `Upgrade: h2c`, is a plain HTTP request (RFC 9110 §7.8).
 */
export function isUpgradeRequest(request: UpgradeRequestHead): boolean {
  // RFC 9110 §7.8: a server ignores Upgrade in an HTTP/1.0 request.
  if (request.httpVersion === '1.0') return false
  return namesWebSocket(joinedValue(request.rawHeaders, 'upgrade')) && hasUpgradeOption(request.rawHeaders)
}

/**
 * Returns whether an `Upgrade` field lists `websocket`. Most list nothing else, so the common case needs no parsing.
 */
function namesWebSocket(upgrade: string): boolean {
  if (equalsIgnoreCase(upgrade, 'websocket')) return true
  const protocols = parseProtocolList(upgrade)
  return protocols !== null && hasToken(protocols, 'websocket')
}

/** Joins the values of a list that may be split into several fields (RFC 9110 §5.3). */
function joinedValue(rawHeaders: readonly string[], name: string): string {
  const at = findField(rawHeaders, name)
  if (at === -1) return ''
  const isOnly = findField(rawHeaders, name, at + 2) === -1
  return isOnly ? trimBlanks(rawHeaders[at + 1]) : fieldValues(rawHeaders, name).join()
}

/**
 * Checks the request of an opening handshake and returns its contents (RFC 6455 §4.2.1). Origin, subprotocols and
 * extensions are only parsed; the server decides whether they are acceptable.
 *
 * @throws {HandshakeError} 405 when the method is not GET, 505 when the major version of HTTP is not 1, 426 when
 *   `Upgrade` does not list `websocket` or the version of the WebSocket protocol is not 13, 431 when there are too many
 *   fields, 400 when the request is invalid in any other way.
 */
export function checkUpgradeRequest(request: UpgradeRequestHead): UpgradeRequest {
  checkHttpVersion(request.httpVersion)
  if (request.method !== 'GET') {
    throw new HandshakeError(405, 'ERR_WS_METHOD', `method is ${show(request.method)}; allowed: GET`, { Allow: 'GET' })
  }
  return readHandshake(request, checkUpgrade, readKey)
}

/**
 * Reads the parts of an opening handshake that do not depend on the version of HTTP (RFC 6455 §4.2.1, RFC 8441 §5).
 *
 * @param checkVersionFields Checks the fields that one version of HTTP requires or forbids.
 * @param readKey Returns the `Sec-WebSocket-Key`.
 * @throws {HandshakeError} 426 when the version of the WebSocket protocol is not 13, 431 when there are too many
 *   fields, 400 when the request is invalid in any other way.
 */
export function readHandshake(
  { rawHeaders, url }: UpgradeRequestHead,
  checkVersionFields: (rawHeaders: readonly string[]) => void,
  readKey: (rawHeaders: readonly string[]) => string,
): UpgradeRequest {
  if (rawHeaders.length > MAX_FIELD_COUNT * 2) {
    throw new HandshakeError(431, 'ERR_WS_HEAD_TOO_LARGE', `request head has more than ${MAX_FIELD_COUNT} fields`)
  }
  const target = readTarget(url)
  const host = readHost(rawHeaders)
  checkVersionFields(rawHeaders)
  checkNoBody(rawHeaders)
  checkVersion(rawHeaders)
  return {
    key: readKey(rawHeaders),
    subprotocols: readList(rawHeaders, 'Sec-WebSocket-Protocol', 'ERR_WS_SUBPROTOCOL', parseSubprotocols),
    extensions: readList(rawHeaders, 'Sec-WebSocket-Extensions', 'ERR_WS_EXTENSIONS', parseExtensions),
    origin: readSingle(rawHeaders, 'Origin', BAD_REQUEST),
    host: target.authority ?? host,
    path: target.path,
    query: target.query,
  }
}

function checkHttpVersion(version: string): void {
  if (version === '1.1') return
  const isVersion = version.length === 3 && version[1] === '.' && isDigit(version[0]) && isDigit(version[2])
  if (!isVersion) throw badRequest('ERR_WS_HTTP_VERSION', `HTTP version is ${show(version)}; allowed: 1.1`)
  if (version[0] !== '1') {
    throw new HandshakeError(505, 'ERR_WS_HTTP_VERSION', `HTTP version is ${version}; allowed: 1.1`)
  }
  if (version[2] === '0') throw badRequest('ERR_WS_HTTP_VERSION', 'HTTP version is 1.0; allowed: 1.1')
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9'
}

function readTarget(url: string | undefined): RequestTarget {
  const target = url === undefined ? null : parseRequestTarget(url)
  if (target === null) {
    throw badRequest(
      'ERR_WS_TARGET',
      `request target is ${show(url)}; allowed: a path or an absolute URI, without a fragment`,
    )
  }
  return target
}

function readHost(rawHeaders: readonly string[]): string {
  const host = readSingle(rawHeaders, 'Host', BAD_REQUEST)
  if (host === null) throw badRequest('ERR_WS_HOST', 'Host is missing; allowed: exactly one field')
  if (!isValidHost(host))
    throw badRequest('ERR_WS_HOST', `Host is ${show(host)}; allowed: a name or address, and optionally a port`)
  return host
}

function checkUpgrade(rawHeaders: readonly string[]): void {
  const upgrade = readSingle(rawHeaders, 'Upgrade', BAD_REQUEST)
  if (upgrade === null || !namesWebSocket(upgrade)) {
    throw new HandshakeError(426, 'ERR_WS_UPGRADE', `Upgrade is ${show(upgrade)}; allowed: websocket`, {
      Upgrade: 'websocket',
      ...VERSION_HEADERS,
    })
  }
  if (!hasUpgradeOption(rawHeaders)) throw badRequest('ERR_WS_CONNECTION', 'Connection field lacks the token upgrade')
}

function hasUpgradeOption(rawHeaders: readonly string[]): boolean {
  const connection = joinedValue(rawHeaders, 'connection')
  if (equalsIgnoreCase(connection, 'upgrade')) return true
  const options = parseTokenList(connection)
  return options !== null && hasToken(options, 'upgrade')
}

/**
 * Checks that the request has no body, because a proxy would read it as a body and this server would read it as frames.
 */
function checkNoBody(rawHeaders: readonly string[]): void {
  if (findField(rawHeaders, 'transfer-encoding') !== -1) {
    throw badRequest('ERR_WS_BODY', 'request has Transfer-Encoding; allowed: a request without a body')
  }
  const length = readSingle(rawHeaders, 'Content-Length', BAD_REQUEST)
  if (length !== null && length !== '0') {
    throw badRequest('ERR_WS_BODY', `Content-Length is ${show(length)}; allowed: a request without a body`)
  }
}

function checkVersion(rawHeaders: readonly string[]): void {
  if (joinedValue(rawHeaders, 'sec-websocket-version') === VERSION) return
  const versions = fieldValues(rawHeaders, 'sec-websocket-version')
  // RFC 6455 §4.4: the response names the supported version.
  if (versions.length !== 1) {
    const message = `${versions.length} Sec-WebSocket-Version fields; allowed: exactly one`
    throw new HandshakeError(BAD_REQUEST, 'ERR_WS_VERSION', message, VERSION_HEADERS)
  }
  const message = `Sec-WebSocket-Version is ${show(versions[0])}; allowed: ${VERSION}`
  if (!isVersionNumber(versions[0])) throw new HandshakeError(BAD_REQUEST, 'ERR_WS_VERSION', message, VERSION_HEADERS)
  throw new HandshakeError(426, 'ERR_WS_VERSION', message, { Upgrade: 'websocket', ...VERSION_HEADERS })
}

/** Returns whether a text is a version number: 0–255 without leading zeros (RFC 6455 §4.3). */
function isVersionNumber(text: string): boolean {
  if (text.length === 0) return false
  for (const character of text) {
    if (!isDigit(character)) return false
  }
  return Number(text) <= 255 && (text === '0' || text[0] !== '0')
}

function readKey(rawHeaders: readonly string[]): string {
  const key = readSingle(rawHeaders, 'Sec-WebSocket-Key', BAD_REQUEST)
  if (key === null) throw badRequest('ERR_WS_KEY', 'Sec-WebSocket-Key is missing; allowed: exactly one field')
  if (!isValidKey(key)) {
    throw badRequest('ERR_WS_KEY', `Sec-WebSocket-Key is ${show(key)}; allowed: 16 bytes in base64`)
  }
  return key
}

/** The result for every request without the field. Frozen, because it is shared. */
const NONE: never[] = []
Object.freeze(NONE)

/** Parses a list that may be split into several fields (RFC 6455 §11.3.2, §11.3.4). */
function readList<Element>(
  rawHeaders: readonly string[],
  name: string,
  code: string,
  parse: (text: string) => Element[] | null,
): Element[] {
  if (findField(rawHeaders, name) === -1) return NONE
  const text = joinedValue(rawHeaders, name)
  const list = parse(text)
  if (list === null) throw badRequest(code, `${name} ${show(text)} is malformed`)
  return list
}

export function badRequest(code: string, message: string): HandshakeError {
  return new HandshakeError(BAD_REQUEST, code, message)
}

/** Formats a received value for an error message: quoted, without control characters, truncated. */
export function show(text: string | null | undefined): string {
  if (text === null || text === undefined) return 'missing'
  return text.length > 64 ? `${JSON.stringify(text.slice(0, 64))}…` : JSON.stringify(text)
}
