import { randomBytes } from 'node:crypto'
import type { Defects } from './defects.ts'
import { type Agreement, parseExtensions, readParams } from './extension.ts'
import { type Head, listOf, Refusal, valuesOf } from './http-head.ts'
import { acceptOf } from './server-handshake.ts'

export interface ClientRequest {
  bytes: string
  key: string
  /** The offer of permessage-deflate, or null. */
  offer: string | null
}

/** Parses a `ws:` or `wss:` URI. Throws for any other URI (RFC 6455 §3). */
export function parseUri(uri: string, defects: Defects): URL {
  const url = new URL(uri)
  if (url.protocol === 'wss:' && defects.has('supports-no-tls')) throw new TypeError(`no TLS: ${uri}`)
  if (!/^wss?:$/.test(url.protocol)) throw new TypeError(`not a ws: or wss: URI: ${uri}`)
  if (uri.includes('#') && !defects.has('sends-fragment')) throw new TypeError(`a fragment in the URI: ${uri}`)
  return url
}

/** Formats the opening request of a client (RFC 6455 §4.1). */
export function formatRequest(url: URL, offer: string | null, defects: Defects): ClientRequest {
  const size = defects.has('sends-short-key') ? 15 : 16
  const key = defects.has('sends-constant-key') ? 'dGhlIHNhbXBsZSBub25jZQ==' : randomBytes(size).toString('base64')
  const target = url.pathname + url.search + (defects.has('sends-fragment') ? url.hash : '')
  const fields = [
    `Host: ${url.host}`,
    `Upgrade: ${defects.has('asks-for-h2c') ? 'h2c' : 'websocket'}`,
    `Connection: ${defects.has('asks-for-keep-alive') ? 'keep-alive' : 'Upgrade'}`,
    `Sec-WebSocket-Key: ${key}`,
    `Sec-WebSocket-Version: ${defects.has('speaks-version-8') ? 8 : 13}`,
  ]
  if (defects.has('sends-no-host')) fields.shift()
  if (defects.has('asks-for-subprotocol-twice')) fields.push('Sec-WebSocket-Protocol: chat, chat')
  if (offer) fields.push(`Sec-WebSocket-Extensions: ${defects.has('offers-16-bits') ? `${offer}=16` : offer}`)
  const method = defects.has('sends-post') ? 'POST' : 'GET'
  const end = defects.has('ends-lines-with-lf') ? '\n' : '\r\n'
  return { bytes: [`${method} ${target} HTTP/1.1`, ...fields, '', ''].join(end), key, offer }
}

/** Checks the 101 as RFC 6455 §4.1 requires. Returns the agreement, or throws a `Refusal`. */
export function checkAnswer(head: Head, request: ClientRequest, defects: Defects): Agreement | null {
  checkStatus(head, defects)
  const upgrade = valuesOf(head, 'upgrade').join(', ').toLowerCase()
  if (upgrade !== 'websocket' && !defects.has('accepts-any-upgrade'))
    throw new Refusal(0, 'an Upgrade other than websocket')
  const isUpgrade = listOf(head, 'connection').some((option) => option.toLowerCase() === 'upgrade')
  if (!isUpgrade && !defects.has('accepts-any-connection')) throw new Refusal(0, 'a Connection without Upgrade')
  checkAccept(valuesOf(head, 'sec-websocket-accept'), request.key, defects)
  checkSubprotocol(head, defects)
  return readExtensions(head, request.offer, defects)
}

function checkStatus(head: Head, defects: Defects): void {
  const [, version, status] = /^HTTP\/(1\.\d) (\d{3})(?: .*)?$/.exec(head.startLine) ?? []
  if (version !== '1.1' && !defects.has('accepts-http-1.0')) throw new Refusal(0, 'an answer that is not HTTP/1.1')
  if (status !== '101' && !defects.has('accepts-any-status')) throw new Refusal(0, 'a status other than 101')
}

function checkAccept(accepts: readonly string[], key: string, defects: Defects): void {
  if (accepts.length === 0 && defects.has('accepts-missing-accept')) return
  if (accepts.length > 1 && !defects.has('accepts-two-accepts')) throw new Refusal(0, 'two Accepts')
  if (defects.has('accepts-any-accept') && accepts.length > 0) return
  const expected = acceptOf(key, defects)
  const isSame = defects.has('compares-accept-without-case')
    ? accepts[0]?.toLowerCase() === expected.toLowerCase()
    : accepts[0] === expected
  if (!isSame) throw new Refusal(0, 'a wrong Accept')
}

function checkSubprotocol(head: Head, defects: Defects): void {
  if (valuesOf(head, 'sec-websocket-protocol').length === 0 || defects.has('accepts-unasked-subprotocol')) return
  throw new Refusal(0, 'a subprotocol nobody asked for')
}

function readExtensions(head: Head, offer: string | null, defects: Defects): Agreement | null {
  if (defects.has('reads-no-extensions')) return null
  const extensions = parseExtensions(valuesOf(head, 'sec-websocket-extensions'), defects)
  if (extensions.length === 0) return null
  const [answer] = extensions.filter(({ name }) => name === 'permessage-deflate')
  if (defects.has('accepts-unoffered-extension') && !answer) return null
  if (!answer || !offer) throw new Refusal(0, 'an extension that was not offered')
  if (extensions.length > 1 && !defects.has('takes-first-of-two-extensions')) throw new Refusal(0, 'two extensions')
  const agreement = readParams(answer, defects)
  if (!agreement) throw new Refusal(0, 'an answer to the offer that is not valid')
  const hasBareBits = answer.params.some(([name, value]) => name === 'client_max_window_bits' && value === null)
  if (hasBareBits) throw new Refusal(0, 'client_max_window_bits without a value')
  if (agreement.clientBits !== null && !offer.includes('client_max_window_bits'))
    throw new Refusal(0, 'a parameter that was not offered')
  return agreement
}
