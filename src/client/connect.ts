import { randomFillSync } from 'node:crypto'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { Connection } from '../connection/connection.ts'
import { type ConnectionLimits, readLimits } from '../connection/limits.ts'
import { Traffic } from '../connection/traffic.ts'
import { WebSocketError } from '../core/errors.ts'
import type { MessageCodec } from '../core/message-codec.ts'
import { DeflateCodec } from '../deflate/codec.ts'
import { checkResponse as checkDeflate, formatOffer } from '../deflate/offer.ts'
import { type DeflateOptions, type NormalisedDeflateOptions, normaliseDeflateOptions } from '../deflate/options.ts'
import { makeKey } from '../handshake/accept-key.ts'
import { checkUpgradeResponse, formatRequest } from '../handshake/client-handshake.ts'
import type { HeaderFields } from '../handshake/header-field.ts'
import { type Extension, parseExtensions } from '../handshake/header-grammar.ts'

/** How a client connects: the limits of its connection, and the options of its handshake (RFC 6455 §4.1). */
export interface ConnectOptions extends Partial<ConnectionLimits> {
  /** Subprotocols offered, the favourite first. Default: none. */
  subprotocols?: readonly string[]
  /** Fields of the request besides those of the handshake, such as `Authorization`. */
  headers?: HeaderFields
  /** Offers permessage-deflate; `true` for its default options. Default: false. */
  deflate?: boolean | DeflateOptions
  /** Milliseconds until the connection must be open, redirects included. Default 10 s. */
  handshakeTimeout?: number
  /** Gives the handshake up; once the connection is open it does nothing. */
  signal?: AbortSignal
  /**
   * Redirects that are followed. To another origin, `Authorization`, `Cookie` and `Proxy-Authorization` are left out,
   * and of `tls` all but `ca`. Default 0: the answer is a HandshakeError.
   */
  maxRedirects?: number
  /** Options of `tls.connect`, such as `ca`. The server's certificate is verified unless they say otherwise. */
  tls?: TlsOptions
  /** Takes what callbacks throw. Default: writes it to standard error. */
  onError?: (error: unknown) => void
}

/** The server's answer and the stream behind it. */
interface Answer {
  response: IncomingMessage
  /** Null when the answer was no 101. */
  stream: Duplex | null
  head: Buffer
}

/** What does not change from one redirect to the next. */
interface Attempt {
  key: string
  extensions: Extension[]
  options: ConnectOptions
}

const SCHEMES: Readonly<Record<string, string>> = {
  'ws:': 'http:',
  'wss:': 'https:',
  'http:': 'http:',
  'https:': 'https:',
}
const REDIRECTS: ReadonlySet<number | undefined> = new Set([301, 302, 303, 307, 308])
const SECRETS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization'])

/**
 * Opens a WebSocket connection as a client (RFC 6455 §4.1). Set its callbacks right behind the `await`: what arrives
 * is delivered from the next tick on. Its `request` is the server's answer.
 *
 * @param url `ws:` or `wss:`; `http:` and `https:` are taken for them.
 * @throws TypeError for a URL, field or subprotocol that cannot be sent, RangeError for a limit out of its range,
 *   HandshakeError for an answer that is no valid 101, ProtocolError for an extension that was not agreed on right,
 *   WebSocketError `ERR_WS_HANDSHAKE_TIMEOUT`, the reason of `signal`, or the system's error.
 */
export async function connect(url: string | URL, options: ConnectOptions = {}): Promise<Connection> {
  const { deflate = false, handshakeTimeout = 10_000, onError = console.error, subprotocols } = options
  const limits = readLimits(options)
  const target = readUrl(url)
  const deflateOptions = deflate === false ? null : normaliseDeflateOptions(deflate, 'client')
  const extensions = deflateOptions === null ? [] : parseExtensions(formatOffer(deflateOptions))!
  const attempt = { key: makeKey(), extensions, options }
  if (!(handshakeTimeout > 0 && handshakeTimeout < 2 ** 31))
    throw new RangeError(`option handshakeTimeout is ${String(handshakeTimeout)}; 1 to 2147483647 ms are allowed`)
  const { response, stream, head } = await withinTime(options.signal, handshakeTimeout, (signal) =>
    follow(target, attempt, signal),
  )
  try {
    const agreed = checkUpgradeResponse(response, { key: attempt.key, subprotocols, extensions })
    if (stream === null || stream.destroyed) throw new WebSocketError('ERR_WS_STREAM_ENDED', 'the server is gone')
    const codec = deflateOptions === null ? null : makeCodec(agreed.extensions, deflateOptions)
    return new Connection(stream, {
      role: 'client',
      host: {
        traffic: new Traffic(),
        maskingKey: nextMaskingKey,
        reportError: onError,
        onHeld: nothing,
        onGone: nothing,
      },
      limits,
      request: { message: response },
      subprotocol: agreed.subprotocol ?? '',
      codec,
      head,
    })
  } catch (error) {
    stream?.destroy()
    throw error
  }
}

const nothing = (): void => {}

function readUrl(text: string | URL): URL {
  const url = new URL(text)
  if (SCHEMES[url.protocol] === undefined)
    throw new TypeError(`scheme ${url.protocol} in a URL; ws: or wss: is allowed`)
  if (url.hash !== '') throw new TypeError(`fragment ${url.hash} in a URL; none is allowed (RFC 6455 §3)`)
  if (url.username !== '' || url.password !== '')
    throw new TypeError('a name or password in a URL; send them in the field Authorization')
  url.protocol = SCHEMES[url.protocol]
  return url
}

/** Runs `action` with a signal that is aborted by the caller's, or when the time is over. */
async function withinTime<T>(
  outer: AbortSignal | undefined,
  milliseconds: number,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer?.throwIfAborted()
  const controller = new AbortController()
  const abort = (): void => controller.abort(outer?.reason)
  outer?.addEventListener('abort', abort)
  const timer = setTimeout(() => {
    controller.abort(new WebSocketError('ERR_WS_HANDSHAKE_TIMEOUT', `not open within ${milliseconds} ms`))
  }, milliseconds)
  try {
    return await action(controller.signal)
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', abort)
  }
}

/** Asks, and follows as many redirects as are allowed. */
async function follow(first: URL, attempt: Attempt, signal: AbortSignal): Promise<Answer> {
  const { maxRedirects = 0, headers, tls } = attempt.options
  let url = first
  let own = { headers, tls }
  for (let count = 0; ; count++) {
    const answer = await ask(url, { ...attempt, options: { ...attempt.options, ...own } }, signal)
    const { statusCode, headers: fields } = answer.response
    if (answer.stream !== null || !REDIRECTS.has(statusCode) || fields.location === undefined) return answer
    if (count >= maxRedirects) return answer
    const next = readUrl(new URL(fields.location, url))
    if (next.origin !== url.origin) own = { headers: withoutSecrets(own.headers), tls: { ca: tls?.ca } }
    url = next
  }
}

function withoutSecrets(headers: HeaderFields = {}): HeaderFields {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !SECRETS.has(name.toLowerCase())))
}

/** Sends one request and resolves with its answer. */
function ask(url: URL, { key, extensions, options }: Attempt, signal: AbortSignal): Promise<Answer> {
  const { subprotocols, headers, tls } = options
  const target = url.pathname + url.search
  const head = formatRequest({ host: url.host, target, key, subprotocols, extensions, headers })
  const isSecure = url.protocol === 'https:'
  return new Promise((resolve, reject) => {
    const request: ClientRequest = (isSecure ? httpsRequest : httpRequest)({
      ...(isSecure ? { rejectUnauthorized: true, ...tls } : {}),
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      path: target,
      headers: fieldsOf(head),
      agent: false,
    })
    const abort = (): void => void request.destroy(signal.reason)
    signal.addEventListener('abort', abort)
    const settle = (): void => signal.removeEventListener('abort', abort)
    request.on('upgrade', (response, stream, rest) => {
      settle()
      stream.on('error', () => stream.destroy())
      resolve({ response, stream, head: rest })
    })
    request.on('response', (response) => {
      settle()
      response.on('error', () => {})
      response.destroy()
      resolve({ response, stream: null, head: Buffer.alloc(0) })
    })
    request.on('error', (error) => {
      settle()
      reject(signal.aborted ? signal.reason : error)
    })
    request.end()
  })
}

/** The fields of a head, names and values in turn. */
function fieldsOf(head: string): string[] {
  const lines = head.split('\r\n').slice(1, -2)
  return lines.flatMap((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 2)]
  })
}

function makeCodec(extensions: readonly Extension[], options: NormalisedDeflateOptions): MessageCodec | null {
  if (extensions.length === 0) return null
  return new DeflateCodec({ role: 'client', parameters: checkDeflate(extensions[0], options), options })
}

/** Random bytes, drawn many at a time: 1,024 keys for one call. */
const keys = Buffer.alloc(4096)
let keyAt = keys.length

/** A masking key that nobody can foresee, for one frame (RFC 6455 §5.3, §10.3). */
function nextMaskingKey(): Uint8Array {
  if (keyAt === keys.length) {
    randomFillSync(keys)
    keyAt = 0
  }
  keyAt += 4
  return keys.subarray(keyAt - 4, keyAt)
}
