import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { type Duplex, Writable } from 'node:stream'
import type { HandshakeError } from '../core/errors.ts'
import type { HeaderFields } from '../handshake/header-field.ts'
import {
  addHttp2AcceptFields,
  formatHttp2Accept,
  formatHttp2Refusal,
  toHttp2Fields,
} from '../handshake/http2-response.ts'
import { type Acceptance, addAcceptFields, formatAccept, formatRefusal } from '../handshake/upgrade-response.ts'
import { isHttp2Stream } from '../transport/http2-stream.ts'

/** Time limit in milliseconds for a refused peer to read the response. */
const RESPONSE_TIMEOUT = 5_000

/**
 * Prepares the response that accepts an upgrade: 101, or 200 over HTTP/2 (RFC 8441 §5). The returned function sends it,
 * with additional header fields of the application.
 *
 * @throws {TypeError} when a field cannot be sent.
 */
export function prepareAccept(stream: Duplex, acceptance: Acceptance): (fields?: HeaderFields) => void {
  if (isHttp2Stream(stream)) {
    const accepted = formatHttp2Accept(acceptance)
    return (fields = {}) => respond(stream, addHttp2AcceptFields(accepted, fields))
  }
  const head = formatAccept(acceptance)
  return (fields = {}) => void stream.write(addAcceptFields(head, fields), 'latin1')
}

/**
 * Prepares the response that refuses a request. The returned function sends it and then destroys the stream.
 *
 * @throws {TypeError} when a field of the error cannot be sent.
 */
export function prepareRefusal(stream: Duplex, error: HandshakeError, method?: string): () => void {
  if (isHttp2Stream(stream)) {
    const fields = formatHttp2Refusal(error)
    return () => {
      respond(stream, fields)
      endResponse(stream, error.status === 304 ? '' : error.message)
    }
  }
  const response = formatRefusal(error, method)
  return () => endResponse(stream, response)
}

/**
 * Ends a stream with an HTTP response, or the rest of one, and destroys it when everything has been sent. Input is
 * discarded, because bytes after a refused upgrade request must never be read as another request (RFC 9112 §9.6).
 */
export function endResponse(stream: Writable, rest: Buffer | string = ''): void {
  stream.on('error', () => stream.destroy())
  const timer = setTimeout(() => stream.destroy(), RESPONSE_TIMEOUT)
  timer.unref()
  stream.once('close', () => clearTimeout(timer))
  if (!isDuplex(stream)) return void stream.end(rest)
  stream.resume()
  // RFC 9113 §8.1: RST_STREAM with NO_ERROR tells the client not to send the rest of its request.
  if (isHttp2Stream(stream)) stream.end(rest, () => stream.close())
  // Destroying a socket with unread input sends a reset, and the peer may lose the response.
  else stream.end(rest, () => stream.once('end', () => stream.destroy()))
}

function isDuplex(stream: Writable): stream is Duplex {
  return 'resume' in stream
}

/**
 * Returns the stream to which an application writes its own response, as the HTTP/1.1 text of Node's `ServerResponse`.
 * Over HTTP/2, the stream translates that text.
 */
export function responseWriter(stream: Duplex): Writable {
  return isHttp2Stream(stream) ? translateResponse(stream) : stream
}

/** Translates an HTTP/1.1 response to HTTP/2. Its body must not be chunked, and no other response may follow. */
function translateResponse(stream: ServerHttp2Stream): Writable {
  let head: string | null = ''
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (head === null) return void stream.write(chunk, () => done())
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end === -1) return done()
      const [statusLine, ...lines] = head.slice(0, end).split('\r\n')
      const rest = Buffer.from(head.slice(end + 4), 'latin1')
      head = null
      respond(stream, { ':status': Number(statusLine.split(' ')[1]), ...toHttp2Fields(parseLines(lines)) })
      if (rest.length === 0) done()
      else stream.write(rest, () => done())
    },
    final(done) {
      endResponse(stream)
      done()
    },
    destroy(error, done) {
      // Also called after `final`, when the response has been sent.
      if (!stream.writableEnded) stream.destroy()
      done(error)
    },
  })
}

function parseLines(lines: readonly string[]): HeaderFields {
  const fields: Record<string, string[]> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    fields[name] ??= []
    fields[name].push(line.slice(colon + 1).trim())
  }
  return Object.fromEntries(
    Object.entries(fields).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  )
}

/** Sends the response, unless the peer has already reset the stream. */
function respond(stream: ServerHttp2Stream, fields: object): void {
  if (!stream.destroyed && !stream.closed && !stream.headersSent) stream.respond(fields as OutgoingHttpHeaders)
}
