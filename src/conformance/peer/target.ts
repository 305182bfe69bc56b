import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { type RequestBase, TimeLimit } from '../wire/index.ts'
import { openHttp2Tunnel } from './http2-transport.ts'
import { OpenTimeout, type Transport } from './transport.ts'

/** How to reach a target, besides its URL. */
export interface TargetOptions {
  /** Path of a Unix socket to connect to instead of host and port. */
  unix?: string
  /** `host:port:address`: the address to connect to for this host and port. */
  resolve?: string
  /** Replaces the Host field. */
  host?: string
  /** Further fields of every request. */
  fields?: [name: string, value: string][]
  label?: string
  /** Options for wss: certificates, SNI, ALPN. */
  tls?: ConnectionOptions
  /** Uses WebSocket over HTTP/2 (RFC 8441), with prior knowledge when there is no TLS. */
  http2?: boolean
}

/** A server under test: its address and how to connect to it. */
export interface Target {
  url: string
  label: string | null
  /** Whether the connections use TLS. */
  secure: boolean
  /** True when the target is on this machine or in a private network. */
  isPrivate: boolean
  base: RequestBase
  /** Opens a connection. Rejects when the target does not accept it within `timeout` milliseconds. */
  connect(timeout: number): Promise<Transport>
  /** Opens a TCP connection without TLS, for cases that perform TLS themselves or not at all. */
  connectPlain(timeout: number): Promise<Transport>
  /** Like `connect`, for a connection that is no part of a case and is not recorded. Absent over HTTP/2. */
  connectAside?(timeout: number): Promise<Transport>
  tls: ConnectionOptions
  /** Whether connections are streams of HTTP/2. */
  http2: boolean
}

/**
 * Makes a target from a URL (`ws:`, `wss:`, `http:` or `https:`).
 * @throws {TypeError} when the URL has another scheme.
 */
export function parseTarget(text: string, options: TargetOptions = {}): Target {
  const url = new URL(/^[a-z]+:\/\//i.test(text) ? text : `ws://${text}`)
  const secure = url.protocol === 'wss:' || url.protocol === 'https:'
  if (!secure && url.protocol !== 'ws:' && url.protocol !== 'http:') {
    throw new TypeError(`${url.protocol}// is not a target; allowed: ws://, wss://`)
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
    connectAside: http2 ? undefined : secure ? openSecure : connectPlain,
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

/**
 * Returns whether the host is a loopback, link-local or private address (RFC 1918, RFC 4193) or a name of this machine.
 */
export function isPrivateHost(host: string): boolean {
  if (/^(localhost|.*\.localhost|.*\.local|.*\.internal)$/i.test(host)) return true
  if (isIP(host) === 4) return /^(127\.|10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|0\.0\.0\.0)/.test(host)
  if (isIP(host) === 6) return /^(::1$|::$|f[cd]|fe80:)/i.test(host)
  return false
}

/**
 * Opens a TCP or Unix connection with TCP_NODELAY, so that each write is a segment if the operating system allows it.
 */
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
 * Returns whether a socket was reset: it then has no remote address. Node reports a reset as an orderly end when data
 * arrived with it (libuv treats POLLHUP after a partial read as the end of the stream). Node looks up the address at
 * its first use.
 */
function hasNoPeer(socket: Socket): boolean {
  return socket.remoteAddress === undefined
}

/** Sends RST. */
export function resetTcp(socket: Socket): void {
  // libuv refuses to reset while FIN is being sent (EINVAL), and Node then leaves the descriptor open
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
  const time = new TimeLimit(timeout, () => socket.destroy(new OpenTimeout(`no connection within ${timeout} ms`)))
  const onError = (error: Error): void => {
    time.stop()
    reject(error)
  }
  socket.once('error', onError)
  socket.once(event, () => {
    time.stop()
    socket.off('error', onError)
    open()
  })
}
