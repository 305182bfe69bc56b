import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { HandshakeError } from '../core/errors.ts'
import { isValidKey } from '../handshake/accept-key.ts'
import type { Extension } from '../handshake/header-grammar.ts'
import { checkUpgradeRequest } from '../handshake/upgrade-request.ts'
import { type NegotiationOptions, PerMessageDeflate, type PerMessageDeflateOptions } from './deflate.ts'
import { type ExtensionParameters, extension, subprotocol } from './header.ts'

/** Why an upgrade request is refused. */
export interface HandshakeRefusal {
  status: number
  /** The body of the response. Default: the reason phrase of the status. */
  message?: string | undefined
  headers?: Readonly<Record<string, string>> | undefined
}

/** A valid upgrade request. */
export interface Upgrade {
  key: string
  version: number
  protocols: Set<string>
  deflate: PerMessageDeflate | null
}

interface UpgradeOptions {
  perMessageDeflate?: boolean | PerMessageDeflateOptions | undefined
  maxPayload?: number | undefined
}

/** Checks an upgrade request in the same order as npm ws, and with the same responses. */
export function readUpgrade(
  { method, headers }: IncomingMessage,
  { perMessageDeflate, maxPayload }: UpgradeOptions,
  shouldHandle: () => boolean,
): Upgrade | HandshakeRefusal {
  if (method !== 'GET') return { status: 405, message: 'Invalid HTTP method' }
  if (headers.upgrade?.toLowerCase() !== 'websocket') return { status: 400, message: 'Invalid Upgrade header' }
  const key = headers['sec-websocket-key']
  if (key === undefined || !isValidKey(key)) {
    return { status: 400, message: 'Missing or invalid Sec-WebSocket-Key header' }
  }
  const version = Number(headers['sec-websocket-version'])
  if (version !== 13 && version !== 8) {
    const message = 'Missing or invalid Sec-WebSocket-Version header'
    return { status: 400, message, headers: { 'Sec-WebSocket-Version': '13, 8' } }
  }
  if (!shouldHandle()) return { status: 400 }
  const list = headers['sec-websocket-protocol']
  let protocols = new Set<string>()
  try {
    if (list !== undefined) protocols = subprotocol.parse(list)
  } catch {
    return { status: 400, message: 'Invalid Sec-WebSocket-Protocol header' }
  }
  let deflate: PerMessageDeflate | null = null
  try {
    const offer = headers['sec-websocket-extensions']
    const options = perMessageDeflate === true ? {} : perMessageDeflate
    if (options && offer !== undefined) deflate = acceptDeflate(offer, { ...options, isServer: true, maxPayload })
  } catch {
    return { status: 400, message: 'Invalid or unacceptable Sec-WebSocket-Extensions header' }
  }
  return { key, version, protocols, deflate }
}

/**
 * Checks an upgrade request as `createServer` does (RFC 6455 §4.2.1). An invalid offer of permessage-deflate is
 * declined, and the request is not refused for it (RFC 7692 §7).
 */
export function readStrictUpgrade(
  request: IncomingMessage,
  { perMessageDeflate, maxPayload }: UpgradeOptions,
  shouldHandle: () => boolean,
): Upgrade | HandshakeRefusal {
  try {
    const { key, subprotocols, extensions } = checkUpgradeRequest(request)
    if (!shouldHandle()) return { status: 400 }
    const options = perMessageDeflate === true ? {} : perMessageDeflate
    const offers = options ? extensions.filter(({ name }) => name === PerMessageDeflate.extensionName) : []
    const deflates = offers.map((offer) => acceptOffer(offer, { ...options, isServer: true, maxPayload }))
    const deflate = deflates.find((accepted) => accepted !== null) ?? null
    return { key, version: 13, protocols: new Set(subprotocols), deflate }
  } catch (error) {
    if (error instanceof HandshakeError) return error
    throw error
  }
}

/** The values of a window bits parameter: no sign, no leading zero (RFC 7692 §7.1.2). */
const windowBits = /^(?:[89]|1[0-5])$/

/** Returns null when the offer is invalid or does not match the options. */
function acceptOffer({ parameters }: Extension, options: NegotiationOptions): PerMessageDeflate | null {
  const offered: ExtensionParameters = Object.create(null)
  for (const { name, value } of parameters) {
    if (value !== null && !windowBits.test(value)) return null
    offered[name] = [...(offered[name] ?? []), value ?? true]
  }
  const deflate = new PerMessageDeflate(options)
  try {
    deflate.accept([offered])
    return deflate
  } catch {
    return null
  }
}

function acceptDeflate(header: string, options: NegotiationOptions): PerMessageDeflate | null {
  const offers = extension.parse(header)[PerMessageDeflate.extensionName]
  if (offers === undefined) return null
  const deflate = new PerMessageDeflate(options)
  deflate.accept(offers)
  return deflate
}

/** Sends an HTTP response and ends the stream. A response to HEAD has no body (RFC 9110 §9.3.2). */
export function refuse(stream: Duplex, { status, message, headers }: HandshakeRefusal, method?: string): void {
  const body = message || STATUS_CODES[status] || ''
  const fields: Record<string, string | number> = {
    Connection: 'close',
    'Content-Type': 'text/html',
    'Content-Length': Buffer.byteLength(body),
    ...headers,
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  stream.once('finish', () => stream.destroy())
  stream.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${method === 'HEAD' ? '' : body}`)
}
