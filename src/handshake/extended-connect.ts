import { HandshakeError } from '../core/errors.ts'
import { equalsIgnoreCase } from './header-grammar.ts'
import { badRequest, readHandshake, show, type UpgradeRequest, type UpgradeRequestHead } from './upgrade-request.ts'

/**
 * The head of an extended CONNECT request (RFC 8441 §4) in the form that a WebSocket request has over HTTP/1.1: method
 * GET, `Host` from `:authority`, no pseudo-header fields. So routers, policies and frameworks read both alike.
 */
export interface ExtendedConnect extends UpgradeRequestHead {
  readonly method: 'GET'
  readonly url: string
  readonly httpVersion: '2.0'
  readonly rawHeaders: string[]
  readonly protocol: string
  readonly scheme: string
  readonly authority: string
  /** The `Host` field of the request, which should not be there; `null` without one. */
  readonly sentHost: string | null
  /** Whether the client has ended the stream with the request. */
  readonly hasEnded: boolean
}

/** The scheme of a WebSocket over HTTP/2: `https` for `wss`, `http` for `ws` (RFC 8441 §5). */
const SCHEMES: readonly string[] = ['http', 'https']

/**
 * Reads the fields of a request over HTTP/2; `null` when it is not an extended CONNECT.
 *
 * @param rawHeaders Names and values in turn, pseudo-header fields included, as node's `'stream'` event has them.
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

/** Whether the head of a request was read from an extended CONNECT. */
export function isExtendedConnect(request: UpgradeRequestHead): request is ExtendedConnect {
  return Object.hasOwn(request, 'sentHost')
}

/**
 * Checks an extended CONNECT request against the rules of RFC 8441 §4 and §5, and its fields against those of RFC 6455
 * §4.2.1; the `key` of the result is empty. What makes a request malformed (RFC 9113 §8.1.1), such as a missing
 * pseudo-header field, is the HTTP/2 implementation's to refuse before.
 *
 * @throws {HandshakeError} when a rule is broken: 501 for another protocol, otherwise as `checkUpgradeRequest` does.
 */
export function checkExtendedConnect(request: ExtendedConnect): UpgradeRequest {
  const { protocol, scheme, url, authority, sentHost, hasEnded } = request
  if (!equalsIgnoreCase(protocol, 'websocket')) {
    throw new HandshakeError(501, 'ERR_WS_UPGRADE', `:protocol ${show(protocol)}, must be websocket`)
  }
  if (!SCHEMES.includes(scheme)) throw badRequest('ERR_WS_TARGET', `:scheme ${show(scheme)}, must be https or http`)
  if (!url.startsWith('/')) throw badRequest('ERR_WS_TARGET', `:path ${show(url)}, must begin with /`)
  // RFC 9113 §8.3.1: a request whose Host differs from its `:authority` must be treated as malformed.
  if (sentHost !== null && !equalsIgnoreCase(sentHost, authority)) {
    throw badRequest('ERR_WS_HOST', `Host ${show(sentHost)}, must be the same as :authority`)
  }
  if (hasEnded) throw badRequest('ERR_WS_BODY', 'END_STREAM behind the request, must leave the stream open')
  return readHandshake(request, noFields, noKey)
}

/** Over HTTP/2 no field says that this is a WebSocket request: `:protocol` does. */
const noFields = (): void => {}
/** RFC 8441 §5: Sec-WebSocket-Key has no meaning over HTTP/2. */
const noKey = (): string => ''
