import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { lazyMessages } from '../fast/lazy-message.ts'
import { setRawHeaders } from '../fast/node-http.ts'
import type { ExtendedConnect } from '../handshake/extended-connect.ts'
import { type RequestHead, RequestHeadParser } from '../handshake/request-head.ts'

/**
 * Creates the message of an upgrade request that a `Listener` has read. It stores only the text of the request head
 * until something other than the request line is read from it.
 *
 * @param text A request head that `RequestHeadParser` has accepted, as Latin-1.
 */
export const makeMessage: (text: string, socket: Socket) => IncomingMessage = lazyMessages((message, text) => {
  const bytes = Buffer.from(text, 'latin1')
  return completeMessage(message, new RequestHeadParser({ maxSize: bytes.length + 1 }).push(bytes, 0, bytes.length)!)
})

/** Sets what Node's parser would set in a request without a body; returns the request. */
export function completeMessage(message: IncomingMessage, head: RequestHead | ExtendedConnect): IncomingMessage {
  const { method, url, httpVersion, rawHeaders } = head
  const [httpVersionMajor, httpVersionMinor] = httpVersion.split('.').map(Number)
  Object.assign(message, { method, url, httpVersion, httpVersionMajor, httpVersionMinor })
  setRawHeaders(message, rawHeaders as string[])
  message.complete = true
  message.push(null)
  return message
}
