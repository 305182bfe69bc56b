import { type Agent, type ClientRequest as HttpRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import type { ClientHttp2Session } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { WebSocketError } from '../core/errors.ts'
import { formatRequest } from '../handshake/client-handshake.ts'
import type { HeaderFields } from '../handshake/header-field.ts'
import type { Extension } from '../handshake/header-grammar.ts'

/** A client's opening handshake, and the server it is sent to (RFC 6455 §4.1). */
export interface HandshakeRequest {
  /** The URL, with the scheme `http:` or `https:`. */
  readonly url: URL
  readonly key: string
  readonly subprotocols: readonly string[]
  readonly extensions: readonly Extension[]
  readonly headers: HeaderFields
  readonly tls: TlsOptions
  readonly transport: Transport
  readonly http2: boolean | ClientHttp2Session
}

/** How to create the stream to the server. By default it is a new TCP connection. */
export interface Transport {
  readonly agent: Agent | undefined
  readonly createConnection: ((options: object) => Duplex) | undefined
  readonly socketPath: string | undefined
}

/** The server's response. */
export interface HandshakeResponse {
  readonly message: IncomingMessage
  /** The stream of the connection; null when the status is not 101. */
  readonly stream: Duplex | null
  /** Bytes that followed the response. */
  readonly head: Buffer
}

/**
 * Sends a request. Resolves to the response.
 *
 * @throws {TypeError} when a header field, a subprotocol or the target is not allowed in a request.
 * @throws {WebSocketError} `ERR_WS_TRANSPORT` when there is no response, with the system's error as its `cause`.
 */
export async function sendHandshake(request: HandshakeRequest, signal: AbortSignal): Promise<HandshakeResponse> {
  const exchange = openRequest(request)
  const abort = (): void => void exchange.destroy(signal.reason)
  signal.addEventListener('abort', abort)
  try {
    return await responseTo(exchange)
  } catch (error) {
    throw withoutAnswer(request, error as Error, signal)
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Returns the error of a handshake without a response. */
export function withoutAnswer({ url }: HandshakeRequest, cause: Error, signal: AbortSignal): Error {
  if (signal.aborted) return signal.reason
  return new WebSocketError('ERR_WS_TRANSPORT', `no response from ${url.host}: ${cause.message}`, { cause })
}

function openRequest({ url, tls, transport, ...handshake }: HandshakeRequest): HttpRequest {
  const target = url.pathname + url.search
  const options = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    path: target,
    headers: fieldsOf(formatRequest({ host: url.host, target, ...handshake })),
    ...transport,
    // Node calls `createConnection` only without an agent. `false` would create a new agent.
    agent: transport.agent ?? (transport.createConnection === undefined ? false : undefined),
  }
  return url.protocol === 'https:'
    ? httpsRequest({ rejectUnauthorized: true, ...tls, ...options })
    : httpRequest(options)
}

function responseTo(request: HttpRequest): Promise<HandshakeResponse> {
  return new Promise((resolve, reject) => {
    request.on('upgrade', (message, stream, head) => {
      stream.on('error', () => stream.destroy())
      resolve({ message, stream, head })
    })
    request.on('response', (message) => {
      message.on('error', () => {})
      message.destroy()
      resolve({ message, stream: null, head: Buffer.alloc(0) })
    })
    request.on('error', reject)
    request.end()
  })
}

/** Returns the header fields of a request as alternating names and values, as Node accepts them. */
function fieldsOf(request: string): string[] {
  const lines = request.split('\r\n').slice(1, -2)
  return lines.flatMap((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 2)]
  })
}
