import type { EventEmitter } from 'node:events'
import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https, { type RequestOptions } from 'node:https'
import net from 'node:net'
import querystring from 'node:querystring'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { acceptKey, makeKey } from '../handshake/accept-key.ts'
import { type ClientOptions, withoutUndefined } from './client-options.ts'
import { PerMessageDeflate, type PerMessageDeflateOptions } from './deflate.ts'
import { type Extensions, extension } from './header.ts'
import { ReadyState } from './link.ts'
import { isToken } from './scanner.ts'
import { readTarget, type Target } from './target.ts'

/** The members of the user's socket that the handshake needs. */
export interface ConnectingSocket extends EventEmitter {
  _readyState: number
  _autoPong: boolean
  _closeTimeout: number
  _errorEmitted: boolean
  _url: string | undefined
  _req: ClientRequest | null
  _redirects: number
  _protocol: string
  _extensions: Readonly<Record<string, PerMessageDeflate>>
  setSocket(stream: Duplex, head: Buffer, options: object): void
  emitClose(): void
}

const defaults = {
  allowSynchronousEvents: true,
  autoPong: true,
  closeTimeout: 30_000,
  protocolVersion: 13,
  maxBufferedChunks: 262_144,
  maxFragments: 16_384,
  maxPayload: 104_857_600,
  maxPendingAutoPongs: 60,
  skipUTF8Validation: false,
  perMessageDeflate: true as boolean | PerMessageDeflateOptions,
  followRedirects: false,
  maxRedirects: 10,
}

type Settings = typeof defaults & Omit<ClientOptions, keyof typeof defaults>
type Headers = Record<string, unknown>

/** The server that gets the credentials. A redirect to another host, or from wss to ws, must not get them. */
interface Origin {
  isSecure: boolean
  host: string
}

/** Aborted requests, whose errors have already been emitted. */
const aborted = new WeakSet<ClientRequest>()

/**
 * Opens the connection of a socket.
 *
 * @throws {SyntaxError} when the URL or a subprotocol is invalid.
 * @throws {TypeError | RangeError} when an option is not allowed, such as `dwebsocket` or a `protocolVersion` of 7.
 */
export function connect(
  socket: ConnectingSocket,
  address: string | URL,
  protocols: string | readonly string[] | undefined,
  options: ClientOptions = {},
): void {
  const given = protocols === undefined ? (options.protocols ?? []) : protocols
  const names: readonly string[] = Array.isArray(given) ? given : [given as string]
  if ('dwebsocket' in options) throw new TypeError('option dwebsocket is for servers; allowed on a client: none')
  const settings: Settings = { ...defaults, ...withoutUndefined(options) }
  if (settings.protocolVersion !== 13 && settings.protocolVersion !== 8) {
    const found = settings.protocolVersion
    throw new RangeError(`Unsupported protocol version: ${found} (supported versions: 8, 13)`)
  }
  socket._autoPong = settings.autoPong
  socket._closeTimeout = settings.closeTimeout
  const target = readTarget(address)
  checkNames(names)
  new Handshake(socket, names, settings).request(target)
}

function checkNames(names: readonly string[]): void {
  const isWrong = names.some((name) => typeof name !== 'string' || !isToken(name))
  if (isWrong || new Set(names).size < names.length) {
    throw new SyntaxError('An invalid or duplicated subprotocol was specified')
  }
}

/** The opening handshake of one socket, including redirects. */
class Handshake {
  readonly #socket: ConnectingSocket
  readonly #names: readonly string[]
  readonly #settings: Settings
  readonly #key = makeKey()
  #headers: Headers
  #auth: string | null | undefined
  #origin: Origin | null = null
  #deflate: PerMessageDeflate | null = null

  constructor(socket: ConnectingSocket, names: readonly string[], settings: Settings) {
    this.#socket = socket
    this.#names = names
    this.#settings = settings
    this.#auth = settings.auth
    const given = Object.entries((settings.headers ?? {}) as Headers)
    this.#headers = Object.fromEntries(
      settings.followRedirects ? given.map(([name, value]) => [name.toLowerCase(), value]) : given,
    )
  }

  request(target: Target): void {
    const { url, isSecure, socketPath } = target
    const socket = this.#socket
    const settings = this.#settings
    socket._url = url.href
    const { username, password } = url
    const auth = username || password ? [username, password].map(querystring.unescape).join(':') : this.#auth
    const request = (isSecure ? https : http).request({
      ...settings,
      protocol: undefined,
      createConnection: settings.createConnection ?? (isSecure ? connectTls : connectNet),
      defaultPort: settings.defaultPort ?? (isSecure ? 443 : 80),
      host: url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname,
      hostname: undefined,
      port: url.port || (isSecure ? 443 : 80),
      path: target.path,
      socketPath,
      method: 'GET',
      timeout: settings.handshakeTimeout,
      auth: this.#forget(target, auth),
      headers: this.#makeHeaders(),
    } as RequestOptions)
    socket._req = request
    this.#listen(request, target)
    if (socket._redirects > 0) socket.emit('redirect', url.href, request)
    if (settings.finishRequest) settings.finishRequest(request, socket)
    else request.end()
  }

  /** Removes credentials before a redirect to another host or from wss to ws. Returns the `auth` to use. */
  #forget({ url, isSecure, socketPath }: Target, auth: string | null | undefined): string | null | undefined {
    if (!this.#settings.followRedirects) return auth
    const host = socketPath === undefined ? url.host : `unix:${socketPath}`
    this.#origin ??= { isSecure, host }
    const isSameHost = host === this.#origin.host
    const isForeign = !isSameHost || (this.#origin.isSecure && !isSecure)
    if (this.#socket._redirects > 0 && isForeign && this.#socket.listenerCount('redirect') === 0) {
      const { authorization: _authorization, cookie: _cookie, host: hostField, ...rest } = this.#headers
      this.#headers = isSameHost && hostField !== undefined ? { ...rest, host: hostField } : rest
      this.#auth = undefined
      return undefined
    }
    if (auth && !this.#headers['authorization']) {
      this.#headers['authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`
    }
    return auth
  }

  #makeHeaders(): Headers {
    const { perMessageDeflate, maxPayload, origin, protocolVersion } = this.#settings
    const headers: Headers = {
      ...this.#headers,
      'Sec-WebSocket-Version': protocolVersion,
      'Sec-WebSocket-Key': this.#key,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
    }
    if (perMessageDeflate) {
      const options = perMessageDeflate === true ? {} : perMessageDeflate
      this.#deflate = new PerMessageDeflate({ ...options, isServer: false, maxPayload })
      headers['Sec-WebSocket-Extensions'] = extension.format({ 'permessage-deflate': this.#deflate.offer() })
    }
    if (this.#names.length > 0) headers['Sec-WebSocket-Protocol'] = this.#names.join(',')
    if (origin) headers[protocolVersion < 13 ? 'Sec-WebSocket-Origin' : 'Origin'] = origin
    return headers
  }

  #listen(request: ClientRequest, target: Target): void {
    const socket = this.#socket
    if (this.#settings.handshakeTimeout) {
      request.on('timeout', () => abortConnecting(socket, request, 'Opening handshake has timed out'))
    }
    request.on('error', (error) => {
      if (aborted.has(request) || socket._req !== request) return
      socket._req = null
      failConnecting(socket, error)
    })
    request.on('response', (response) => this.#onResponse(request, response, target))
    request.on('upgrade', (response, stream, head) => {
      socket.emit('upgrade', response)
      // A listener may have closed the socket.
      if (socket._readyState !== ReadyState.CONNECTING) return
      socket._req = null
      const problem = this.#readResponse(response)
      if (problem === null) socket.setSocket(stream, head, this.#settings)
      else abortStream(socket, stream, problem)
    })
  }

  #onResponse(request: ClientRequest, response: IncomingMessage, { url }: Target): void {
    const socket = this.#socket
    const status = response.statusCode!
    const { location } = response.headers
    if (location && this.#settings.followRedirects && status >= 300 && status < 400) {
      if (++socket._redirects > this.#settings.maxRedirects) {
        return abortConnecting(socket, request, 'Maximum redirects exceeded')
      }
      aborted.add(request)
      request.destroy()
      let next: Target
      try {
        next = readTarget(location, url.href)
      } catch (error) {
        return failConnecting(socket, error as Error)
      }
      this.request(next)
    } else if (!socket.emit('unexpected-response', request, response)) {
      abortConnecting(socket, request, `Unexpected server response: ${status}`)
    }
  }

  /** Checks a 101 response (RFC 6455 §4.1). Returns the error message, or null when the response is valid. */
  #readResponse({ headers }: IncomingMessage): string | null {
    if (headers.upgrade?.toLowerCase() !== 'websocket') return 'Invalid Upgrade header'
    if (headers['sec-websocket-accept'] !== acceptKey(this.#key)) return 'Invalid Sec-WebSocket-Accept header'
    const name = headers['sec-websocket-protocol']
    if (name === undefined) {
      if (this.#names.length > 0) return 'Server sent no subprotocol'
    } else {
      if (this.#names.length === 0) return 'Server sent a subprotocol but none was requested'
      if (!this.#names.includes(name)) return 'Server sent an invalid subprotocol'
      this.#socket._protocol = name
    }
    return this.#readExtensions(headers['sec-websocket-extensions'])
  }

  #readExtensions(header: string | undefined): string | null {
    if (header === undefined) return null
    const deflate = this.#deflate
    if (deflate === null) return 'Server sent a Sec-WebSocket-Extensions header but no extension was requested'
    let extensions: Extensions
    try {
      extensions = extension.parse(header)
    } catch {
      return 'Invalid Sec-WebSocket-Extensions header'
    }
    if (Object.keys(extensions).join() !== 'permessage-deflate') {
      return 'Server indicated an extension that was not requested'
    }
    try {
      deflate.accept(extensions['permessage-deflate'])
    } catch {
      return 'Invalid Sec-WebSocket-Extensions header'
    }
    this.#socket._extensions = { 'permessage-deflate': deflate }
    return null
  }
}

function connectNet(options: net.NetConnectOpts & { socketPath?: string }): Duplex {
  return net.connect({ ...options, path: options.socketPath } as net.NetConnectOpts)
}

function connectTls(options: tls.ConnectionOptions): Duplex {
  const { host = '', servername } = options
  const name = servername || servername === '' ? servername : net.isIP(host) ? '' : host
  return tls.connect({ ...options, path: undefined, servername: name })
}

function failConnecting(socket: ConnectingSocket, error: Error): void {
  socket._readyState = ReadyState.CLOSING
  socket._errorEmitted = true
  try {
    socket.emit('error', error)
  } finally {
    socket.emitClose()
  }
}

/** Aborts a request. `'error'` and `'close'` are emitted on the next tick. */
export function abortConnecting(socket: ConnectingSocket, request: ClientRequest | null, message: string): void {
  socket._readyState = ReadyState.CLOSING
  if (request !== null) {
    aborted.add(request)
    request.destroy()
    // abort() leaves the socket open when the response has already arrived.
    request.socket?.destroy()
  }
  process.nextTick(failConnecting, socket, new Error(message))
}

function abortStream(socket: ConnectingSocket, stream: Duplex, message: string): void {
  socket._readyState = ReadyState.CLOSING
  stream.once('error', (error) => socket.emit('error', error))
  stream.once('close', () => socket.emitClose())
  stream.destroy(new Error(message))
}
