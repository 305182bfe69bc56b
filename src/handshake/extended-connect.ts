import { HandshakeError } from '../core/errors.ts'
import { equalsIgnoreCase } from './header-grammar.ts'
import { badRequest, readHandshake, show, type UpgradeRequest, type UpgradeRequestHead } from './upgrade-request.ts'

/**
 * The head of an extended CONNECT request (RFC 8441 §4), in the form of a WebSocket request over HTTP/1.1: method GET,
 * `Host` from `:authority`, no pseudo-header fields. Routers, policies and frameworks can therefore treat requests over
 * both versions of HTTP in the same way.
 */
export interface ExtendedConnect extends UpgradeRequestHead {
  readonly method: 'GET'
  readonly url: string
  readonly httpVersion: '2.0'
  readonly rawHeaders: string[]
  readonly protocol: string
  readonly scheme: string
  readonly authority: string
  /** The value of the `Host` field, which is not needed over HTTP/2; null when there is none. */
  readonly sentHost: string | null
  /** Whether the client has ended the stream with its request. */
  readonly hasEnded: boolean
}

/** The schemes of a WebSocket over HTTP/2: `http` for `ws`, `https` for `wss` (RFC 8441 §5). */
const SCHEMES: readonly string[] = ['http', 'https']

/**
 * Reads the fields of a request over HTTP/2. Returns null when it is not an extended CONNECT request.
 *
 * @param rawHeaders Alternating names and values including pseudo-header fields, as in Node's `'stream'` event.
 */
export function readExtendedConnect(rawHeaders: readonly string[], hasEnded: boolean): ExtendedConnect | null {
  const pseudo: Record<string, string> = {}
  const fields: string[] = []
  let sentHost: string | null = null
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name, value] = [rawHeaders[i], rawHeaders[i + 1]]
    if (name.startsWith(':')) pseudo[name] = value
    else if (name === 'host') sentHost = value
    else fields.push(name, value)
  }
  const { ':method': method, ':protocol': protocol } = pseudo
  const { ':scheme': scheme = '', ':path': url = '', ':authority': authority = '' } = pseudo
  if (method !== 'CONNECT' || protocol === undefined) return null
  return {
    method: 'GET',
    url,
    httpVersion: '2.0',
    rawHeaders: ['host', authority, ...fields],
    protocol,
    scheme,
    authority,
    sentHost,
    hasEnded,
  }
}

/** Returns whether a request head was read from an extended CONNECT request. */
export function isExtendedConnect(request: UpgradeRequestHead): request is ExtendedConnect {
  return Object.hasOwn(request, 'sentHost')
}

/**
 * Checks an extended CONNECT request (RFC 8441 §4 and §5) and its fields (RFC 6455 §4.2.1). The `key` of the result is
 * empty. The HTTP/2 implementation has already refused malformed requests (RFC 9113 §8.1.1), for example without a
 * required pseudo-header field.
 *
 * @throws {HandshakeError} 501 when `:protocol` is not `websocket`, 426 when the version of the WebSocket protocol is
 *   not 13, 431 when there are too many fields, 400 when the request is invalid in any other way.
 */
export function checkExtendedConnect(request: ExtendedConnect): UpgradeRequest {
  const { protocol, scheme, url, authority, sentHost, hasEnded } = request
  if (!equalsIgnoreCase(protocol, 'websocket')) {
    throw new HandshakeError(501, 'ERR_WS_UPGRADE', `:protocol is ${show(protocol)}; allowed: websocket`)
  }
  if (!SCHEMES.includes(scheme)) throw badRequest('ERR_WS_TARGET', `:scheme is ${show(scheme)}; allowed: https, http`)
  if (!url.startsWith('/'))
    throw badRequest('ERR_WS_TARGET', `:path is ${show(url)}; allowed: a path that begins with /`)
  // RFC 9113 §8.3.1: a request whose Host differs from its `:authority` must be treated as malformed.
  if (sentHost !== null && !equalsIgnoreCase(sentHost, authority)) {
    throw badRequest('ERR_WS_HOST', `Host is ${show(sentHost)}; allowed: the value of :authority`)
  }
  if (hasEnded) throw badRequest('ERR_WS_BODY', 'request has END_STREAM; allowed: a stream that stays open')
  return readHandshake(request, noFields, noKey)
}

/** Over HTTP/2, `:protocol` marks a WebSocket request instead of the fields `Upgrade` and `Connection`. */
const noFields = (): void => {}
/** RFC 8441 §5: Sec-WebSocket-Key has no meaning over HTTP/2. */
const noKey = (): string => ''
