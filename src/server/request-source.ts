import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { RequestSource } from '../connection/connection.ts'
import { RequestHeadParser } from '../handshake/request-head.ts'

/**
 * An upgrade request that was read off the server's own port. Its `IncomingMessage` is made when somebody asks for it:
 * until then a connection keeps the text of the head alone, a tenth of the memory.
 */
export class HeadRequest implements RequestSource {
  readonly #text: string
  readonly #socket: Socket
  #message: IncomingMessage | null = null

  /** `text` is a head that a `RequestHeadParser` took, as latin1. */
  constructor(text: string, socket: Socket) {
    this.#text = text
    this.#socket = socket
  }

  get message(): IncomingMessage {
    this.#message ??= this.#make()
    return this.#message
  }

  #make(): IncomingMessage {
    const bytes = Buffer.from(this.#text, 'latin1')
    const head = new RequestHeadParser({ maxSize: bytes.length + 1 }).push(bytes, 0, bytes.length)!
    const message = new IncomingMessage(this.#socket)
    const [major, minor] = head.httpVersion.split('.').map(Number)
    Object.assign(message, {
      method: head.method,
      url: head.url,
      httpVersion: head.httpVersion,
      httpVersionMajor: major,
      httpVersionMinor: minor,
      rawHeaders: head.rawHeaders,
      ...readFields(head.rawHeaders),
      complete: true,
    })
    message.push(null)
    return message
  }
}

/** Fields of which node keeps the first, as its documentation of `message.headers` lists them. */
const FIRST_ONLY = new Set(
  (
    'age authorization content-length content-type etag expires from host if-modified-since if-unmodified-since ' +
    'last-modified location max-forwards proxy-authorization referer retry-after server user-agent'
  ).split(' '),
)

/** The fields by name as node presents them; it does so by itself only for what its own parser has read. */
function readFields(rawHeaders: readonly string[]): Pick<IncomingMessage, 'headers' | 'headersDistinct'> {
  const headersDistinct: Record<string, string[]> = Object.create(null)
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i].toLowerCase()
    headersDistinct[name] ??= []
    headersDistinct[name].push(rawHeaders[i + 1])
  }
  const headers: IncomingMessage['headers'] = {}
  for (const [name, values] of Object.entries(headersDistinct)) {
    if (name === 'set-cookie') headers[name] = values
    else if (FIRST_ONLY.has(name)) headers[name] = values[0]
    else headers[name] = values.join(name === 'cookie' ? '; ' : ', ')
  }
  return { headers, headersDistinct }
}
