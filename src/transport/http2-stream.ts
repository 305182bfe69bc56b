import { constants, type ServerHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'

/** Returns whether a stream is part of an HTTP/2 connection, which may have many streams (RFC 9113 §5). */
export function isHttp2Stream(stream: Duplex): stream is ServerHttp2Stream {
  return 'rstCode' in stream
}

/** Returns whether the bytes of a stream arrive over TLS. */
export function isEncrypted(stream: Duplex): boolean {
  if (isHttp2Stream(stream)) return stream.session?.encrypted === true
  return (stream as Partial<TLSSocket>).encrypted === true
}

/**
 * Destroys a stream at once. A TCP connection is ended or reset; an HTTP/2 stream is reset with CANCEL (RFC 8441 §5).
 */
export function destroyStream(stream: Duplex): void {
  if (isHttp2Stream(stream)) stream.close(constants.NGHTTP2_CANCEL)
  stream.destroy()
}

/** Returns why an HTTP/2 stream was aborted: the error of its connection, or the code of the peer's RST_STREAM. */
export function abortError(stream: ServerHttp2Stream): Error {
  if (stream.errored) return stream.errored
  if (stream.session?.closed !== false) return new Error('the HTTP/2 connection was closed')
  const code = stream.rstCode ?? 0
  return new Error(`the peer reset the HTTP/2 stream with ${CODE_NAMES[code] ?? `code ${code}`}`)
}

/** The names of the error codes of HTTP/2 (RFC 9113 §7), by number. */
const CODE_NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
]
