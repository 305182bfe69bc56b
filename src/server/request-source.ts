import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { RequestSource } from '../connection/host.ts'
import { RequestHeadParser } from '../handshake/request-head.ts'

interface HeaderLines {
  _addHeaderLines(rawHeaders: string[], count: number): void
}

/**
 * An upgrade request that was read off the server's own port. Its `IncomingMessage` is made when somebody asks for it:
 * until then a connection keeps the text of the head alone, a tenth of the memory.
 */
export class HeadRequest implements RequestSource {
  /** The text of the head until somebody asks for the message, then that. */
  #head: string | IncomingMessage
  readonly #socket: Socket

  /** `text` is a head that a `RequestHeadParser` took, as latin1. */
  constructor(text: string, socket: Socket) {
    this.#head = text
    this.#socket = socket
  }

  get message(): IncomingMessage {
    if (typeof this.#head === 'string') this.#head = makeMessage(this.#head, this.#socket)
    return this.#head
  }
}

function makeMessage(text: string, socket: Socket): IncomingMessage {
  const bytes = Buffer.from(text, 'latin1')
  const head = new RequestHeadParser({ maxSize: bytes.length + 1 }).push(bytes, 0, bytes.length)!
  const message = new IncomingMessage(socket)
  const [major, minor] = head.httpVersion.split('.').map(Number)
  Object.assign(message, {
    method: head.method,
    url: head.url,
    httpVersion: head.httpVersion,
    httpVersionMajor: major,
    httpVersionMinor: minor,
  })
  // What node's parser calls: `headers` and `headersDistinct` are made from it when they are asked for.
  ;(message as unknown as HeaderLines)._addHeaderLines(head.rawHeaders, head.rawHeaders.length)
  message.complete = true
  message.push(null)
  return message
}
