import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { lazyMessages } from '../fast/lazy-message.ts'
import { setRawHeaders } from '../fast/node-http.ts'
import type { ExtendedConnect } from '../handshake/extended-connect.ts'
import { type RequestHead, RequestHeadParser } from '../handshake/request-head.ts'

/**
 * Creates the message of an upgrade request that a `Listener` has read. Until more of it is used than its request line,
 * it stores only the text of the request head.
 *
 * @param text A request head that `RequestHeadParser` has accepted, as Latin-1.
 */
export const makeMessage: (text: string, socket: Socket) => IncomingMessage = lazyMessages((message, text) => {
  const bytes = Buffer.from(text, 'latin1')
  completeMessage(message, new RequestHeadParser({ maxSize: bytes.length + 1 }).push(bytes, 0, bytes.length)!)
})

/** Creates the message of an extended CONNECT request. */
export function messageOfConnect(connect: ExtendedConnect, socket: Socket): IncomingMessage {
  const message = new IncomingMessage(socket)
  completeMessage(message, connect)
  return message
}

/**
 * Values of most upgrade requests, and names that the parser does not share, so that sessions that keep their requests
 * share these strings.
 */
const commonTexts = new Map(
  [
    ...['Cookie', 'Accept-Encoding', 'Accept-Language', 'Cache-Control', 'Pragma'],
    ...['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Real-IP'],
    ...['websocket', '13', 'keep-alive, Upgrade', 'upgrade', 'no-cache', 'permessage-deflate'],
    ...['permessage-deflate; client_max_window_bits', 'gzip, deflate, br, zstd', 'gzip, deflate, br'],
  ].map((text) => [text, text]),
)

function shared(text: string): string {
  return commonTexts.get(text) ?? text
}

/** Sets what Node's parser would set in a request without body. */
function completeMessage(message: IncomingMessage, head: RequestHead | ExtendedConnect): void {
  const { method, url, httpVersion, rawHeaders } = head
  const [httpVersionMajor, httpVersionMinor] = httpVersion.split('.').map(Number)
  Object.assign(message, { method, url, httpVersion, httpVersionMajor, httpVersionMinor })
  setRawHeaders(message, rawHeaders.map(shared))
  message.complete = true
  message.push(null)
}
