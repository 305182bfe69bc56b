import { once } from 'node:events'
import { IncomingMessage } from 'node:http'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
} from 'node:http2'
import { connect as connectSocket, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { setRawHeaders } from '../fast/node-http.ts'
import { formatConnect } from '../handshake/client-handshake.ts'
import { type HandshakeRequest, type HandshakeResponse, withoutAnswer } from './handshake-request.ts'

/**
 * Sends an opening handshake over HTTP/2 (RFC 8441 §5), on the given session or on a new one, which ends with the
 * stream.
 *
 * @throws {TypeError} when a header field, a subprotocol or the target is not allowed in a request.
 * @throws {WebSocketError} `ERR_WS_TRANSPORT` when there is no response, or the server does not support WebSocket over
 *   HTTP/2.
 */
export async function sendExtendedConnect(request: HandshakeRequest, signal: AbortSignal): Promise<HandshakeResponse> {
  const { url, http2, ...handshake } = request
  const target = url.pathname + url.search
  const fields = formatConnect({ host: url.host, target, ...handshake }, url.protocol.slice(0, -1))
  const isOwn = typeof http2 !== 'object'
  let session: ClientHttp2Session | undefined
  try {
    session = isOwn ? openSession(request) : http2
    await settingsOf(session, signal)
    const stream = session.request(fields as OutgoingHttpHeaders, { endStream: false })
    if (isOwn) stream.once('close', () => session?.close())
    return await responseTo(stream, signal)
  } catch (error) {
    if (isOwn) session?.destroy()
    throw withoutAnswer(request, error as Error, signal)
  }
}

function openSession({ url, tls, transport }: HandshakeRequest): ClientHttp2Session {
  const { createConnection, socketPath } = transport
  const options: SecureClientSessionOptions = { rejectUnauthorized: true, ...tls }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  if (createConnection !== undefined) options.createConnection = () => createConnection({ host, port })
  else if (socketPath !== undefined) options.createConnection = () => connectPath(socketPath, url, options)
  // Streams report the errors of their session. Without a listener, an error of the session would end the process.
  return connectHttp2(url.origin, options).on('error', () => {})
}

function connectPath(path: string, url: URL, options: SecureClientSessionOptions): Socket | TLSSocket {
  if (url.protocol === 'http:') return connectSocket(path)
  return connectTls({ servername: url.hostname, ALPNProtocols: ['h2'], ...options, path } as object)
}

/** RFC 8441 §3: a client must not send an extended CONNECT before the server's SETTINGS have allowed it. */
async function settingsOf(session: ClientHttp2Session, signal: AbortSignal): Promise<void> {
  if (session.remoteSettings.enableConnectProtocol !== true) {
    const waiting = new AbortController()
    try {
      await Promise.race([settingsArrived(session), once(signal, 'abort', { signal: waiting.signal })])
    } finally {
      waiting.abort()
    }
  }
  if (signal.aborted) throw signal.reason
  if (session.closed) throw new Error('the HTTP/2 connection was closed')
  if (session.remoteSettings.enableConnectProtocol !== true) {
    throw new Error('the server does not support WebSocket over HTTP/2 (SETTINGS_ENABLE_CONNECT_PROTOCOL)')
  }
}

const arrivals = new WeakMap<ClientHttp2Session, Promise<void>>()

/**
 * Resolves when SETTINGS have arrived or the session has closed. All handshakes of a session share one promise, because
 * Node limits the number of unanswered pings, and servers limit the number of pings.
 */
function settingsArrived(session: ClientHttp2Session): Promise<void> {
  const earlier = arrivals.get(session)
  if (earlier !== undefined) return earlier
  const arrival = new Promise<void>((resolve, reject) => {
    const end = (): void => {
      session.off('remoteSettings', end).off('close', end).off('error', reject)
      resolve()
    }
    session.on('remoteSettings', end).on('close', end).on('error', reject)
    if (session.closed) end()
    // A session in use may already have received SETTINGS. The response to a ping arrives after them.
    else if (!session.connecting) session.ping((error) => error ?? end())
  })
  arrivals.set(session, arrival)
  return arrival
}

function responseTo(stream: ClientHttp2Stream, signal: AbortSignal): Promise<HandshakeResponse> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => void stream.destroy(signal.reason)
    signal.addEventListener('abort', onAbort)
    stream.on('error', reject)
    stream.once('close', () => reject(new Error('the server reset the HTTP/2 stream')))
    stream.once('response', (...[headers, , rawHeaders]: unknown[]) => {
      signal.removeEventListener('abort', onAbort)
      const message = toMessage(stream, rawHeaders as string[])
      const isAccepted = (headers as { ':status': number })[':status'] === 200
      if (!isAccepted) stream.close()
      resolve({ message, stream: isAccepted ? stream : null, head: Buffer.alloc(0) })
    })
  })
}

/** Converts a response to an `IncomingMessage` of Node. */
function toMessage({ session }: ClientHttp2Stream, rawHeaders: string[]): IncomingMessage {
  const message = new IncomingMessage(session!.socket)
  const [, status] = rawHeaders
  Object.assign(message, { statusCode: Number(status), httpVersion: '2.0', httpVersionMajor: 2, httpVersionMinor: 0 })
  setRawHeaders(message, rawHeaders.slice(2))
  message.complete = true
  message.push(null)
  return message
}
