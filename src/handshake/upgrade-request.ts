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

/** The head of an HTTP request, such as node's `IncomingMessage` (RFC 9112 §2.1). */
export interface UpgradeRequestHead {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** As in `'1.1'`. */
  readonly httpVersion: string
  /** Names and values in turn, as sent. */
  readonly rawHeaders: readonly string[]
}

/** The contents of a valid opening handshake (RFC 6455 §4.2.1). */
export interface UpgradeRequest {
  /** The `Sec-WebSocket-Key`, the input of `acceptKey`; empty over HTTP/2, which has none. */
  key: string
  /** In the client's order of preference; empty without the field. */
  subprotocols: string[]
  /** In the client's order of preference; empty without the field. */
  extensions: Extension[]
  /** The `Origin` field as sent, `null` without one: then the client is not a browser. */
  origin: string | null
  /** The `host[:port]` that the request was sent to. */
  host: string
  /** Begins with `/`; percent escapes are not decoded. */
  path: string
  /** The part behind the `?`; empty without one. */
  query: string
}

/** Most fields of a request. Node's parser drops fields above its own limit, and dropped fields cannot be checked. */
export const MAX_FIELD_COUNT = 1_000

/** The only version of the protocol that is supported (RFC 6455 §4.1). */
const VERSION = '13'

/** The status of a request that breaks a rule (RFC 9110 §15.5.1). */
const BAD_REQUEST = 400

const VERSION_HEADERS = { 'Sec-WebSocket-Version': VERSION }

/**
 * Whether a request asks for WebSocket: HTTP/1.1 with `websocket` among its `Upgrade` protocols and `upgrade` among
 * its `Connection` options. Every other request, such as one with `Upgrade: h2c`, is a plain one (RFC 9110 §7.8).
 */
export function isUpgradeRequest(request: UpgradeRequestHead): boolean {
  // RFC 9110 §7.8: a server ignores Upgrade in an HTTP/1.0 request.
  if (request.httpVersion === '1.0') return false
  return namesWebSocket(joinedValue(request.rawHeaders, 'upgrade')) && hasUpgradeOption(request.rawHeaders)
}

/** Most `Upgrade` fields name nothing else: then there is no list to parse. */
function namesWebSocket(upgrade: string): boolean {
  if (equalsIgnoreCase(upgrade, 'websocket')) return true
  const protocols = parseProtocolList(upgrade)
  return protocols !== null && hasToken(protocols, 'websocket')
}

/** A field that is a list and may be spread over several fields (RFC 9110 §5.3). */
function joinedValue(rawHeaders: readonly string[], name: string): string {
  const at = findField(rawHeaders, name)
  if (at === -1) return ''
  const isOnly = findField(rawHeaders, name, at + 2) === -1
  return isOnly ? trimBlanks(rawHeaders[at + 1]) : fieldValues(rawHeaders, name).join()
}

/**
 * Checks an opening handshake against every rule and returns its contents (RFC 6455 §4.2.1). Origin, subprotocols and
 * extensions are only parsed: whether they are acceptable is the server's policy.
 *
 * @throws {HandshakeError} when a rule is broken: 405 for another method, 505 for another version of HTTP, 426 without
 *   `Upgrade: websocket` or for another version of the protocol, 431 for too many fields, otherwise 400.
 */
export function checkUpgradeRequest(request: UpgradeRequestHead): UpgradeRequest {
  checkHttpVersion(request.httpVersion)
  if (request.method !== 'GET') {
    throw new HandshakeError(405, 'ERR_WS_METHOD', `method ${show(request.method)}, must be GET`, { Allow: 'GET' })
  }
  return readHandshake(request, checkUpgrade, readKey)
}

/**
 * Reads the parts of an opening handshake that do not depend on the version of HTTP (RFC 6455 §4.2.1, RFC 8441 §5).
 *
 * @param checkVersionFields Checks the fields that one version of HTTP needs or must not have.
 * @param readKey Returns the `Sec-WebSocket-Key`.
 * @throws {HandshakeError} when a rule is broken: 426 for another version of the protocol, 431 for too many fields,
 *   otherwise 400.
 */
export function readHandshake(
  { rawHeaders, url }: UpgradeRequestHead,
  checkVersionFields: (rawHeaders: readonly string[]) => void,
  readKey: (rawHeaders: readonly string[]) => string,
): UpgradeRequest {
  if (rawHeaders.length > MAX_FIELD_COUNT * 2) {
    throw new HandshakeError(431, 'ERR_WS_HEAD_TOO_LARGE', `more than ${MAX_FIELD_COUNT} fields`)
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
  if (!isVersion) throw badRequest('ERR_WS_HTTP_VERSION', `HTTP version ${show(version)}, must be 1.1`)
  if (version[0] !== '1') {
    throw new HandshakeError(505, 'ERR_WS_HTTP_VERSION', `HTTP/${version}, must be HTTP/1.1`)
  }
  if (version[2] === '0') throw badRequest('ERR_WS_HTTP_VERSION', 'HTTP/1.0, must be HTTP/1.1 or later')
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9'
}

function readTarget(url: string | undefined): RequestTarget {
  const target = url === undefined ? null : parseRequestTarget(url)
  if (target === null) {
    throw badRequest(
      'ERR_WS_TARGET',
      `request target is ${show(url)}; allowed: a path or an absolute URI, without fragment`,
    )
  }
  return target
}

function readHost(rawHeaders: readonly string[]): string {
  const host = readSingle(rawHeaders, 'Host', BAD_REQUEST)
  if (host === null) throw badRequest('ERR_WS_HOST', 'no Host field, must be exactly one')
  if (!isValidHost(host))
    throw badRequest('ERR_WS_HOST', `Host is ${show(host)}; allowed: a name or address, and a port`)
  return host
}

function checkUpgrade(rawHeaders: readonly string[]): void {
  const upgrade = readSingle(rawHeaders, 'Upgrade', BAD_REQUEST)
  if (upgrade === null || !namesWebSocket(upgrade)) {
    throw new HandshakeError(426, 'ERR_WS_UPGRADE', `Upgrade ${show(upgrade)}, must name websocket`, {
      Upgrade: 'websocket',
      ...VERSION_HEADERS,
    })
  }
  if (!hasUpgradeOption(rawHeaders)) throw badRequest('ERR_WS_CONNECTION', 'Connection field without the token upgrade')
}

function hasUpgradeOption(rawHeaders: readonly string[]): boolean {
  const connection = joinedValue(rawHeaders, 'connection')
  if (equalsIgnoreCase(connection, 'upgrade')) return true
  const options = parseTokenList(connection)
  return options !== null && hasToken(options, 'upgrade')
}

/** A body would be read as frames here, and as a body by a proxy. */
function checkNoBody(rawHeaders: readonly string[]): void {
  if (findField(rawHeaders, 'transfer-encoding') !== -1) {
    throw badRequest('ERR_WS_BODY', 'a Transfer-Encoding field; allowed: a request without body')
  }
  const length = readSingle(rawHeaders, 'Content-Length', BAD_REQUEST)
  if (length !== null && length !== '0') {
    throw badRequest('ERR_WS_BODY', `Content-Length is ${show(length)}; allowed: a request without body`)
  }
}

function checkVersion(rawHeaders: readonly string[]): void {
  if (joinedValue(rawHeaders, 'sec-websocket-version') === VERSION) return
  const versions = fieldValues(rawHeaders, 'sec-websocket-version')
  // RFC 6455 §4.4: the response names the supported version.
  if (versions.length !== 1) {
    const message = `${versions.length} Sec-WebSocket-Version fields, must be exactly one`
    throw new HandshakeError(BAD_REQUEST, 'ERR_WS_VERSION', message, VERSION_HEADERS)
  }
  const message = `Sec-WebSocket-Version ${show(versions[0])}, must be ${VERSION}`
  if (!isVersionNumber(versions[0])) throw new HandshakeError(BAD_REQUEST, 'ERR_WS_VERSION', message, VERSION_HEADERS)
  throw new HandshakeError(426, 'ERR_WS_VERSION', message, { Upgrade: 'websocket', ...VERSION_HEADERS })
}

/** The grammar of a version: 0–255 without leading zero (RFC 6455 §4.3). */
function isVersionNumber(text: string): boolean {
  if (text.length === 0) return false
  for (const character of text) {
    if (!isDigit(character)) return false
  }
  return Number(text) <= 255 && (text === '0' || text[0] !== '0')
}

function readKey(rawHeaders: readonly string[]): string {
  const key = readSingle(rawHeaders, 'Sec-WebSocket-Key', BAD_REQUEST)
  if (key === null) throw badRequest('ERR_WS_KEY', 'no Sec-WebSocket-Key field, must be exactly one')
  if (!isValidKey(key)) {
    throw badRequest('ERR_WS_KEY', `Sec-WebSocket-Key ${show(key)}, must be the base64 of 16 bytes`)
  }
  return key
}

/** The list of every request without the field; frozen, because it is shared. */
const NONE: never[] = []
Object.freeze(NONE)

/** A field that is a list and may be spread over several fields (RFC 6455 §11.3.2, §11.3.4). */
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

/** Shows a found value in a response: quoted, without control characters, truncated. */
export function show(text: string | null | undefined): string {
  if (text === null || text === undefined) return 'missing'
  return text.length > 64 ? `${JSON.stringify(text.slice(0, 64))}…` : JSON.stringify(text)
}
