import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { RequestSource } from '../connection/host.ts'
import { setRawHeaders } from '../fast/node-http.ts'
import type { ExtendedConnect } from '../handshake/extended-connect.ts'
import { type RequestHead, RequestHeadParser } from '../handshake/request-head.ts'

/**
 * An upgrade request that a `Listener` has read. Its `IncomingMessage` is created on first use. Until then the
 * connection stores only the text of the request head, which needs a tenth of the memory.
 */
export class HeadRequest implements RequestSource {
  /** The text of the request head, replaced by the message on first use. */
  #head: string | IncomingMessage
  readonly #socket: Socket

  /** @param text A request head that `RequestHeadParser` has accepted, as Latin-1. */
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
  return toMessage(new RequestHeadParser({ maxSize: bytes.length + 1 }).push(bytes, 0, bytes.length)!, socket)
}

/** Names and values of most upgrade requests, so that sessions that keep their requests share these strings. */
const commonTexts = new Map(
  [
    ...['Host', 'Upgrade', 'Connection', 'Origin', 'User-Agent', 'Cookie', 'Accept-Encoding', 'Accept-Language'],
    ...['Sec-WebSocket-Key', 'Sec-WebSocket-Version', 'Sec-WebSocket-Extensions', 'Sec-WebSocket-Protocol'],
    ...['Cache-Control', 'Pragma', 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Real-IP'],
    ...['websocket', '13', 'keep-alive, Upgrade', 'upgrade', 'no-cache', 'permessage-deflate'],
    ...['permessage-deflate; client_max_window_bits', 'gzip, deflate, br, zstd', 'gzip, deflate, br'],
  ].map((text) => [text, text]),
)

function shared(text: string): string {
  return commonTexts.get(text) ?? text
}

/** Creates an `IncomingMessage` without body, as Node's parser would. */
export function toMessage(head: RequestHead | ExtendedConnect, socket: Socket): IncomingMessage {
  const message = new IncomingMessage(socket)
  const [major, minor] = head.httpVersion.split('.').map(Number)
  Object.assign(message, {
    method: head.method,
    url: head.url,
    httpVersion: head.httpVersion,
    httpVersionMajor: major,
    httpVersionMinor: minor,
  })
  setRawHeaders(message, head.rawHeaders.map(shared))
  message.complete = true
  message.push(null)
  return message
}
