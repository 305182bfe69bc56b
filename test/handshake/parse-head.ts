import type { HandshakeError } from '../../src/core/errors.ts'
import { type RequestHead, type RequestHeadLimits, RequestHeadParser } from '../../src/handshake/request-head.ts'
import { assert, thrownBy } from '../support/unit.ts'

export const TOKEN = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

export const H0 =
  'GET /chat?a=1 HTTP/1.1\r\n' +
  'Host: example.com\r\n' +
  'Upgrade:websocket\r\n' +
  'Connection: \t keep-alive, Upgrade \t\r\n' +
  'X-Empty:\r\n' +
  'X-Blank:  \r\n' +
  'X-Obs: \u00e9\u00ff\r\n' +
  'host: again\r\n' +
  '\r\n'

export const PARSED = {
  method: 'GET',
  url: '/chat?a=1',
  httpVersion: '1.1',
  rawHeaders: [
    ...['Host', 'example.com', 'Upgrade', 'websocket', 'Connection', 'keep-alive, Upgrade', 'X-Empty', ''],
    ...['X-Blank', '', 'X-Obs', '\u00e9\u00ff', 'host', 'again'],
  ],
}

/** Parses a text as Latin-1, split at the given places. Returns the head and where it ends in the text. */
export function parse(text: string, cuts: number[] = [], limits?: RequestHeadLimits): RequestHead | null {
  const bytes = Buffer.from(text, 'latin1')
  const parser = new RequestHeadParser(limits)
  let start = 0
  for (const cut of [...cuts, bytes.length]) {
    const head = parser.push(bytes, start, cut)
    if (head !== null) return head
    start = cut
  }
  return null
}

export function everyByte(text: string): number[] {
  return Array.from({ length: text.length }, (_, i) => i)
}

export async function assertRefused(
  text: string,
  status: number,
  message: RegExp,
  limits?: RequestHeadLimits,
): Promise<void> {
  for (const cuts of [[], everyByte(text)]) {
    const error = (await thrownBy(() => parse(text, cuts, limits))) as HandshakeError
    assert.is(`${error.name} ${error.status}`, `HandshakeError ${status}`, `${JSON.stringify(text)}: ${error.message}`)
    assert.match(error.message, message)
    assert.match(error.code, /^ERR_WS_(REQUEST_SYNTAX|HEAD_TOO_LARGE|HTTP_VERSION)$/)
  }
}
