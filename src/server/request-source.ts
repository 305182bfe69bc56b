import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { RequestSource } from '../connection/connection.ts'
import { RequestHeadParser } from '../handshake/request-head.ts'

interface HeaderLines {
  _addHeaderLines(rawHeaders: string[], count: number): void
}

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
    })
    // What node's parser calls: `headers` and `headersDistinct` are made from it when they are asked for.
    ;(message as unknown as HeaderLines)._addHeaderLines(head.rawHeaders, head.rawHeaders.length)
    message.complete = true
    message.push(null)
    return message
  }
}
