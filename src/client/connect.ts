import { Connection } from '../connection/connection.ts'
import { nextMaskingKey } from '../connection/send/masking-key.ts'
import { Traffic } from '../connection/traffic.ts'
import { WebSocketError } from '../core/errors.ts'
import type { MessageCodec } from '../core/message-codec.ts'
import { DeflateCodec } from '../deflate/codec.ts'
import { checkDeflateResponse, formatOffer } from '../deflate/offer.ts'
import { makeKey } from '../handshake/accept-key.ts'
import { checkConnectResponse, checkUpgradeResponse } from '../handshake/client-handshake.ts'
import { type Extension, parseExtensions } from '../handshake/header-grammar.ts'
import { reportTo } from '../user-code/user-code.ts'
import { type ConnectOptions, type ConnectSettings, readConnectOptions } from './connect-options.ts'
import { withDeadline } from './deadline.ts'
import type { HandshakeRequest, HandshakeResponse } from './handshake-request.ts'
import { followRedirects } from './redirects.ts'
import { readUrl } from './url.ts'

/**
 * Opens a WebSocket connection as a client (RFC 6455 §4.1). Set the callbacks of the connection directly after the
 * `await`, because messages are delivered from the next tick on. The connection's `request` is the server's response.
 *
 * @param url A `ws:` or `wss:` URL. `http:` means `ws:`, and `https:` means `wss:`.
 * @throws {TypeError} when the URL, a header field, a subprotocol or an option is not allowed.
 * @throws {RangeError} when the value of an option is not allowed.
 * @throws {HandshakeError} when the response is not a valid 101 response; over HTTP/2, not a valid 200 response.
 * @throws {ProtocolError} when the response has invalid parameters of permessage-deflate.
 * @throws {WebSocketError} `ERR_WS_HANDSHAKE_TIMEOUT` when the connection is not open within `handshakeTimeout`,
 *   `ERR_WS_TRANSPORT` when there is no response (`cause` is the error of the system or of `createConnection`),
 *   `ERR_WS_STREAM_ENDED` when the server closes the connection directly after its response.
 * @throws the reason of `signal` when `signal` is aborted before the connection is open.
 */
export async function connect(url: string | URL, options: ConnectOptions = {}): Promise<Connection> {
  const settings = readConnectOptions(options)
  const request = makeRequest(readUrl(url), settings)
  const response = await withDeadline(settings.signal, settings.handshakeTimeout, (signal) =>
    followRedirects(request, settings.maxRedirects, signal),
  )
  try {
    return openConnection(request, response, settings)
  } catch (error) {
    response.stream?.destroy()
    throw error
  }
}

function makeRequest(url: URL, settings: ConnectSettings): HandshakeRequest {
  const { deflate, subprotocols, headers, tls, transport, http2 } = settings
  const extensions = deflate === null ? [] : parseExtensions(formatOffer(deflate))!
  return { url, key: makeKey(), subprotocols, extensions, headers, tls, transport, http2 }
}

function openConnection(
  request: HandshakeRequest,
  { message, stream, head }: HandshakeResponse,
  settings: ConnectSettings,
): Connection {
  const check = request.http2 === false ? checkUpgradeResponse : checkConnectResponse
  const { subprotocol, extensions } = check(message, request)
  if (stream === null || stream.destroyed)
    throw new WebSocketError('ERR_WS_STREAM_ENDED', 'the server closed the connection after its response')
  return new Connection(stream, {
    role: 'client',
    host: {
      traffic: new Traffic(),
      maskingKey: nextMaskingKey,
      reportError: (error) => reportTo(settings.onError, error),
      onMemoryChange: noop,
      onGone: noop,
    },
    limits: settings.limits,
    request: message,
    subprotocol: subprotocol ?? '',
    codec: makeCodec(extensions, settings),
    head,
  })
}

function makeCodec([extension]: readonly Extension[], { deflate }: ConnectSettings): MessageCodec | null {
  if (extension === undefined || deflate === null) return null
  return new DeflateCodec({ role: 'client', parameters: checkDeflateResponse(extension, deflate), options: deflate })
}

const noop = (): void => {}
