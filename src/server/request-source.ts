import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { RequestSource } from '../connection/host.ts'
import { setRawHeaders } from '../fast/node-http.ts'
import type { ExtendedConnect } from '../handshake/extended-connect.ts'
import { type RequestHead, RequestHeadParser } from '../handshake/request-head.ts'

/**
 * An upgrade request that a `Listener` read. Its `IncomingMessage` is made on first use: until then the connection
 * retains only the text of the head, a tenth of the memory.
 */
export class HeadRequest implements RequestSource {
  /** The text of the head, replaced by the message on first use. */
  #head: string | IncomingMessage
  readonly #socket: Socket

  /** @param text A head that `RequestHeadParser` has accepted, as latin1. */
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

/** Names and values that most upgrade requests have: each session that retains its request would have its own copies. */
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

/** Makes node's form of a request without body, as its own parser would. */
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
