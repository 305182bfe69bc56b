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

/** How long a refused peer may take to read the response, in milliseconds. */
const RESPONSE_TIMEOUT = 5_000

/**
 * Prepares the response that accepts an upgrade: a 101, or a 200 over HTTP/2 (RFC 8441 §5). The result sends it, with
 * more fields of the application.
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
 * Prepares the response that refuses a request. The result sends it, and destroys the stream after it.
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
 * Ends a stream with an HTTP response, or the rest of one, and destroys it when that is sent. Input is discarded
 * meanwhile: bytes behind a refused upgrade are never read as another request (RFC 9112 §9.6).
 */
export function endResponse(stream: Writable, rest: Buffer | string = ''): void {
  stream.on('error', () => stream.destroy())
  const timer = setTimeout(() => stream.destroy(), RESPONSE_TIMEOUT)
  timer.unref()
  stream.once('close', () => clearTimeout(timer))
  if (!isDuplex(stream)) return void stream.end(rest)
  stream.resume()
  // RFC 9113 §8.1: the request need not be complete; RST_STREAM with NO_ERROR asks the client to stop.
  if (isHttp2Stream(stream)) stream.end(rest, () => stream.close())
  // Destroying a socket with unread input sends a reset, and the peer may lose the response.
  else stream.end(rest, () => stream.once('end', () => stream.destroy()))
}

function isDuplex(stream: Writable): stream is Duplex {
  return 'resume' in stream
}

/**
 * Where an application writes its own response, the text of HTTP/1.1 that node's `ServerResponse` makes: the stream
 * itself, or a translation to HTTP/2.
 */
export function responseWriter(stream: Duplex): Writable {
  return isHttp2Stream(stream) ? translateResponse(stream) : stream
}

/** Passes a response of HTTP/1.1 on to a stream of HTTP/2. Its body must be neither chunked nor followed by more. */
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
      // Also called behind `final`, when the response is on its way.
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

/** The peer may have reset the stream meanwhile. */
function respond(stream: ServerHttp2Stream, fields: object): void {
  if (!stream.destroyed && !stream.closed && !stream.headersSent) stream.respond(fields as OutgoingHttpHeaders)
}
