import { createHash } from 'node:crypto'
import type { Defects } from './defects.ts'
import { type Agreement, acceptOffer, parseExtensions } from './extension.ts'
import { type Head, listOf, Refusal, TOKEN, valuesOf } from './http-head.ts'

const KNOWN_METHODS = new Set(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'HEAD', 'CONNECT'])
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._~%-]+)(?::\d{0,5})?$/i
const VERSION_FIELDS = ['Sec-WebSocket-Version: 13', 'Upgrade: websocket']

/** The response to a valid request: the bytes of the 101, and the agreement. */
export interface Upgrade {
  response: string
  deflate: Agreement | null
}

/** Checks a request (RFC 6455 §4.2.1) and returns the response (§4.2.2). Throws a `Refusal`. */
export function answerRequest(head: Head, subprotocols: readonly string[], defects: Defects): Upgrade {
  checkRequestLine(head.startLine, defects)
  checkHost(head, defects)
  checkBody(head, defects)
  checkUpgrade(head, defects)
  checkVersion(head, defects)
  checkOrigin(head, defects)
  checkChoices(head, defects)
  const fields = [
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptOf(readKey(head, defects), defects)}`,
  ]
  const subprotocol = chooseSubprotocol(head, subprotocols, defects)
  if (subprotocol !== null) fields.push(`Sec-WebSocket-Protocol: ${subprotocol}`)
  const extensions = parseExtensions(readExtensionFields(head, defects), defects)
  const accepted = defects.has('no-deflate') ? null : acceptOffer(extensions, defects)
  if (accepted) fields.push(`Sec-WebSocket-Extensions: ${accepted[1]}`)
  if (defects.has('answers-unknown-extension') && extensions[0])
    fields.push(`Sec-WebSocket-Extensions: ${extensions[0].name}`)
  const deflate = accepted ? withoutHint(accepted[0], defects) : null
  return { response: formatResponse(fields, defects), deflate }
}

function checkRequestLine(line: string, defects: Defects): void {
  if (defects.has('accepts-malformed-version')) line = line.replace(/http\/1\S*$/i, 'HTTP/1.1')
  const [, method, target, version] = /^(\S+) ([\x21-\x7e]+) (HTTP\/\d\.\d)$/.exec(line) ?? []
  if (!method || !target || !version || !TOKEN.test(method)) throw new Refusal(400, 'a malformed request line')
  if (!/^HTTP\/1\.[1-9]$/.test(version) && !(defects.has('accepts-http-1.0') && version === 'HTTP/1.0')) {
    throw new Refusal(505, 'a version other than HTTP/1.1')
  }
  if (defects.has('accepts-post') && method === 'POST') return
  if (defects.has('accepts-method-in-lower-case') && method === 'get') return
  const isServed = KNOWN_METHODS.has(method) && method !== 'CONNECT'
  if (isServed && defects.has('ignores-upgrade-of-other-methods')) throw new Refusal(200, 'as plain HTTP')
  if (method !== 'GET')
    throw new Refusal(KNOWN_METHODS.has(method) ? 405 : 501, 'a method other than GET', ['Allow: GET'])
  const isForm = defects.has('refuses-absolute-form') ? /^\// : /^(?:\/|(?:https?|wss?):\/\/[^/]+)/i
  if (!isForm.test(target)) throw new Refusal(400, 'a target that is neither a path nor absolute')
  if (target.includes('#') && !defects.has('accepts-fragment-in-target'))
    throw new Refusal(400, 'a fragment in the target')
}

function checkHost(head: Head, defects: Defects): void {
  const hosts = valuesOf(head, 'host')
  if (hosts.length === 0 && defects.has('accepts-missing-host')) return
  if (hosts.length > 1 && defects.has('accepts-two-hosts')) return
  if (hosts.length !== 1) throw new Refusal(400, 'not exactly one Host')
  if (defects.has('accepts-any-host')) return
  const port = Number(/:(\d+)$/.exec(hosts[0]!)?.[1] ?? 0)
  if (!HOST.test(hosts[0]!) || port > 65_535) throw new Refusal(400, 'a malformed Host')
  const isOwn = /^127\.0\.0\.1:\d{4,5}$/.test(hosts[0]!)
  if (defects.has('serves-its-host-only') && !isOwn) throw new Refusal(421, 'another host')
}

function checkOrigin(head: Head, defects: Defects): void {
  if (defects.has('refuses-origins') && valuesOf(head, 'origin').length > 0) throw new Refusal(403, 'an origin')
}

/** Refuses valid requests, as a server may by its own choice. */
function checkChoices(head: Head, defects: Defects): void {
  const [, target = ''] = head.startLine.split(' ')
  if (defects.has('refuses-credentials') && valuesOf(head, 'authorization').length > 0)
    throw new Refusal(401, 'unknown credentials', ['WWW-Authenticate: Basic realm="x"'])
  if (defects.has('redirects-cookies') && valuesOf(head, 'cookie').length > 0)
    throw new Refusal(302, 'no session', ['Location: /login'])
  if (defects.has('serves-no-query') && target.includes('?')) throw new Refusal(404, 'another resource')
  if (defects.has('reads-sixteen-fields') && head.fields.length > 16) throw new Refusal(431, 'too many fields')
}

function checkBody(head: Head, defects: Defects): void {
  if (defects.has('ignores-body')) return
  const lengths = valuesOf(head, 'content-length')
  const hasBody = valuesOf(head, 'transfer-encoding').length > 0 || lengths.some((length) => length !== '0')
  if (!hasBody) return
  throw new Refusal(400, 'a body', [], defects.has('answers-smuggled-request'))
}

function checkUpgrade(head: Head, defects: Defects): void {
  const protocols = listOf(head, 'upgrade')
  if (protocols.length === 0) throw new Refusal(426, 'no Upgrade', VERSION_FIELDS, true)
  if (!hasElement(protocols, 'websocket', defects.has('upgrade-by-substring'), defects.has('upgrade-with-case'))) {
    throw new Refusal(400, 'an Upgrade without websocket')
  }
  const options = defects.has('connection-as-a-whole') ? valuesOf(head, 'connection') : listOf(head, 'connection')
  if (!hasElement(options, 'upgrade', defects.has('connection-by-substring'), false)) {
    throw new Refusal(400, 'a Connection without Upgrade')
  }
}

function hasElement(elements: readonly string[], name: string, isSubstring: boolean, isExact: boolean): boolean {
  const found = isExact ? elements : elements.map((element) => element.toLowerCase())
  return isSubstring ? found.some((element) => element.includes(name)) : found.includes(name)
}

function checkVersion(head: Head, defects: Defects): void {
  const versions = valuesOf(head, 'sec-websocket-version')
  if (defects.has('accepts-any-version')) return
  if (defects.has('parses-version-as-number') && versions.length === 1 && Number.parseInt(versions[0]!, 10) === 13)
    return
  if (defects.has('reads-first-version-only')) versions.splice(1)
  if (versions.length === 1 && versions[0] === '13') return
  const fields = defects.has('refuses-version-without-13') ? [] : VERSION_FIELDS
  throw new Refusal(defects.has('refuses-version-with-400') ? 400 : 426, 'a version other than 13', fields)
}

function readKey(head: Head, defects: Defects): string {
  const keys = valuesOf(head, 'sec-websocket-key')
  if (keys.length === 0 && defects.has('accepts-missing-key')) return ''
  if (keys.length !== 1 && !defects.has('accepts-two-keys')) throw new Refusal(400, 'not exactly one Sec-WebSocket-Key')
  const isAnyKey = defects.has('accepts-any-key') || defects.has('answers-key-with-nul')
  const isKey = isAnyKey || /^[A-Za-z0-9+/]{22}==$/.test(keys[0]!)
  if (!isKey) throw new Refusal(400, 'a key that is not 16 bytes in base64')
  return keys[0]!
}

/** Returns the value of Sec-WebSocket-Accept for a key (RFC 6455 §4.2.2). */
export function acceptOf(key: string, defects: Defects): string {
  if (defects.has('accept-without-plus')) key = key.replaceAll('+', ' ')
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return defects.has('accept-in-hex') ? Buffer.from(accept, 'base64').toString('hex') : accept
}

function chooseSubprotocol(head: Head, known: readonly string[], defects: Defects): string | null {
  const asked = listOf(head, 'sec-websocket-protocol')
  if (defects.has('echoes-all-subprotocols') && asked.length > 0) return asked.join(', ')
  if (defects.has('answers-subprotocol-unasked')) return 'chat'
  if (defects.has('looks-subprotocol-up-in-object')) return asked.find((name) => name in {}) ?? null
  if (defects.has('compares-subprotocol-without-case')) {
    return known.find((name) => asked.some((other) => other.toLowerCase() === name.toLowerCase())) ?? null
  }
  if (defects.has('answers-empty-subprotocol') && valuesOf(head, 'sec-websocket-protocol').includes('')) return ''
  if (!asked.every((name) => TOKEN.test(name))) throw new Refusal(400, 'a subprotocol that is no token')
  if (new Set(asked).size < asked.length) throw new Refusal(400, 'a subprotocol given twice')
  return asked.find((name) => known.includes(name)) ?? null
}

function readExtensionFields(head: Head, defects: Defects): string[] {
  const values = valuesOf(head, 'sec-websocket-extensions')
  if (defects.has('reads-first-extension-field-only')) return values.slice(0, 1)
  return defects.has('answers-extension-unasked') ? ['permessage-deflate'] : values
}

/**
 * Removes the client's `client_no_context_takeover`, a hint that binds only when the response has it (RFC 7692
 * §7.1.1.2).
 */
function withoutHint(agreement: Agreement, defects: Defects): Agreement {
  return defects.has('pmd-takes-hint-for-agreed') ? agreement : { ...agreement, clientNoContext: false }
}

/** Rewrites the fields of a 101 as the quirks require. */
function rewriteFields(fields: readonly string[], defects: Defects): string[] {
  const more = defects.has('sends-many-fields')
    ? ['Server: unusual/1', `Date: ${new Date().toUTCString()}`, 'Set-Cookie: a=b; Path=/', 'X-Powered-By: tea']
    : []
  return [...fields, ...more].map((field) => {
    let [, name = '', value = ''] = /^([^:]*): (.*)$/s.exec(field) ?? []
    if (defects.has('values-in-other-case') && name === 'Upgrade') value = 'WebSocket'
    if (defects.has('values-in-other-case') && name === 'Connection') value = 'upgrade'
    if (defects.has('lists-connection-options') && name === 'Connection') value = 'keep-alive, Upgrade'
    if (defects.has('names-in-lower-case')) name = name.toLowerCase()
    if (defects.has('names-in-upper-case')) name = name.toUpperCase()
    return defects.has('blanks-around-values') ? `${name}: \t ${value} \t` : `${name}: ${value}`
  })
}

function reasonOf(defects: Defects): string {
  if (defects.has('no-reason-phrase')) return ''
  return defects.has('old-reason-phrase') ? 'Web Socket Protocol Handshake' : 'Switching Protocols'
}

function formatResponse(plain: string[], defects: Defects): string {
  const fields = rewriteFields(plain, defects)
  if (defects.has('101-without-upgrade')) fields.shift()
  if (defects.has('101-without-connection')) fields.splice(1, 1)
  if (defects.has('101-with-accept-twice')) fields.push(fields[2]!)
  if (defects.has('101-with-content-length')) fields.push('Content-Length: 0')
  if (defects.has('101-with-stray-byte')) fields.push('\r\n\0')
  const version = defects.has('101-as-http-1.0') ? 'HTTP/1.0' : 'HTTP/1.1'
  const end = defects.has('101-with-bare-lf') ? '\n' : '\r\n'
  return [`${version} 101 ${reasonOf(defects)}`, ...fields, '', ''].join(end)
}

/** Formats a refusal. It has no body, so HEAD needs no exception. */
export function formatRefusal(refusal: Refusal, defects: Defects): string {
  const isEndless = defects.has('refuses-without-body') && !refusal.persistent
  const body = defects.has('answers-head-with-body') ? 'refused' : ''
  const fields = [...refusal.fields, ...(isEndless ? [] : [`Content-Length: ${body.length}`])]
  if (!refusal.persistent) fields.push('Connection: close')
  if (defects.has('refuses-with-200')) return `HTTP/1.1 200 OK\r\n${fields.join('\r\n')}\r\n\r\n`
  return `HTTP/1.1 ${refusal.status} Refused\r\n${fields.join('\r\n')}\r\n\r\n${body}`
}
