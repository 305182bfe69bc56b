import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import type { RequestBase } from '../wire/index.ts'
import { openHttp2Tunnel } from './http2-transport.ts'
import type { Transport } from './transport.ts'

/** How to reach a target, besides its URL. */
export interface TargetOptions {
  /** Path of a Unix socket to connect to instead of host and port. */
  unix?: string
  /** `host:port:address`: connect to that address for that host and port. */
  resolve?: string
  /** Replaces the Host field. */
  host?: string
  /** Further fields of every request. */
  fields?: [name: string, value: string][]
  label?: string
  /** For wss: certificates, SNI, ALPN. */
  tls?: ConnectionOptions
  /** WebSocket over HTTP/2 (RFC 8441); without TLS with prior knowledge. */
  http2?: boolean
}

/** A server under test: where it is and how to reach it. Another transport gives a `connect` of its own. */
export interface Target {
  url: string
  label: string | null
  /** True when the bytes travel over TLS. */
  secure: boolean
  /** True when the target is on this machine or in a private network. */
  isPrivate: boolean
  base: RequestBase
  /** Opens a connection; rejects when the target does not accept within the time. */
  connect(timeout: number): Promise<Transport>
  /** Opens the bare TCP connection, for cases that speak TLS, or no TLS, by hand. */
  connectPlain(timeout: number): Promise<Transport>
  tls: ConnectionOptions
  /** Whether connections are streams of HTTP/2. */
  http2: boolean
}

/** A target from its URL (`ws:`, `wss:`, also `http:` and `https:`); throws TypeError for any other. */
export function parseTarget(text: string, options: TargetOptions = {}): Target {
  const url = new URL(/^[a-z]+:\/\//i.test(text) ? text : `ws://${text}`)
  const secure = url.protocol === 'wss:' || url.protocol === 'https:'
  if (!secure && url.protocol !== 'ws:' && url.protocol !== 'http:') {
    throw new TypeError(`${url.protocol}// is no target; allowed are ws:// and wss://`)
  }
  const hostname = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port) || (secure ? 443 : 80)
  const place = placeOf(hostname, port, options)
  const connectPlain = (timeout: number): Promise<Transport> => openTcp(place, timeout)
  const tls: ConnectionOptions = { ...(isIP(hostname) ? {} : { servername: hostname }), ...options.tls }
  const openSecure = async (timeout: number): Promise<Transport> => openTls(await connectPlain(timeout), tls, timeout)
  const { http2 = false } = options
  return {
    url: url.href.replace(/^http/, 'ws'),
    label: options.label ?? null,
    secure,
    isPrivate: options.unix !== undefined || isPrivateHost(place.host),
    base: { authority: options.host ?? url.host, path: url.pathname + url.search, extra: options.fields ?? [] },
    connect: http2
      ? (timeout) => openHttp2Tunnel({ connectPlain, secure, tls }, timeout)
      : secure
        ? openSecure
        : connectPlain,
    connectPlain,
    tls,
    http2,
  }
}

interface Place {
  host: string
  port: number
  path?: string
}

function placeOf(host: string, port: number, options: TargetOptions): Place {
  if (options.unix !== undefined) return { host, port, path: options.unix }
  const match = /^(.*):(\d+):(.+)$/.exec(options.resolve ?? '')
  return match !== null && match[1] === host && Number(match[2]) === port ? { host: match[3], port } : { host, port }
}

/** Loopback, link-local and private addresses (RFC 1918, RFC 4193) and the names that mean this machine. */
export function isPrivateHost(host: string): boolean {
  if (/^(localhost|.*\.localhost|.*\.local|.*\.internal)$/i.test(host)) return true
  if (isIP(host) === 4) return /^(127\.|10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|0\.0\.0\.0)/.test(host)
  if (isIP(host) === 6) return /^(::1$|::$|f[cd]|fe80:)/i.test(host)
  return false
}

/** Opens a TCP or Unix connection with TCP_NODELAY; each write then is a segment of its own where the system allows it. */
function openTcp(place: Place, timeout: number): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const options = place.path === undefined ? { host: place.host, port: place.port } : { path: place.path }
    const socket = connectTcp({ ...options, allowHalfOpen: true, noDelay: true })
    const isReset = place.path === undefined ? { isReset: () => hasNoPeer(socket) } : {}
    const transport: Transport = { stream: socket, reset: () => resetTcp(socket), ...isReset }
    settleOnOpen(socket, 'connect', timeout, reject, () => resolve(transport))
  })
}

/**
 * A socket that was reset has no peer any more. Node reports a reset as an orderly end when data arrived with it
 * (libuv treats POLLHUP after a partial read as the end of the stream); the address is looked up at its first use.
 */
function hasNoPeer(socket: Socket): boolean {
  return socket.remoteAddress === undefined
}

/** Ends TCP with a reset. */
export function resetTcp(socket: Socket): void {
  // libuv refuses to reset while the FIN is on its way (EINVAL), and Node then leaves the descriptor open
  if (socket.writableEnded && !socket.writableFinished) socket.destroy()
  else socket.resetAndDestroy()
}

function openTls(plain: Transport, options: ConnectionOptions, timeout: number): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const stream = connectTls({ ...options, socket: plain.stream as Socket })
    settleOnOpen(stream, 'secureConnect', timeout, reject, () => resolve({ stream, reset: plain.reset }))
  })
}

function settleOnOpen(
  socket: Socket | TLSSocket,
  event: string,
  timeout: number,
  reject: (error: Error) => void,
  open: () => void,
): void {
  const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${timeout} ms`)), timeout)
  const onError = (error: Error): void => {
    clearTimeout(timer)
    reject(error)
  }
  socket.once('error', onError)
  socket.once(event, () => {
    clearTimeout(timer)
    socket.off('error', onError)
    open()
  })
}
