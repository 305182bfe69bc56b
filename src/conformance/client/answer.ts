import type { Peer } from '../peer/index.ts'
import { acceptOf, type Chop, changeFields, type Fields, fieldValue } from '../wire/index.ts'
import type { ClientRequest } from './request.ts'

/** How an answer differs from the plain 101 (RFC 6455 §4.2.2). */
export interface AnswerOptions {
  statusLine?: string
  /** By name: another value, several (the field is repeated), or `null` to leave the field out. */
  set?: Record<string, string | string[] | null>
  /** Further fields, after those of the 101. */
  add?: Fields
  /** Applied last to the field names. */
  rename?: (name: string) => string
  /** Sent before the answer: an interim response. */
  prefix?: string
  chop?: Chop
  /** Frames that travel in the same write. */
  trailing?: (peer: Peer) => Uint8Array
}

/** The key of a request; empty when it has none. */
export function keyOf(request: ClientRequest): string {
  return fieldValue(request, 'sec-websocket-key') ?? ''
}

/** The bytes of a 101 that accepts this request, with the given differences (RFC 6455 §4.2.2). */
export function buildAnswer(request: ClientRequest, options: AnswerOptions = {}): Buffer {
  const plain: Fields = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', acceptOf(keyOf(request))],
  ]
  const changed = changeFields(plain, options.set)
  const lines = [...changed, ...(options.add ?? [])].map(
    ([name, value]) => `${options.rename?.(name) ?? name}: ${value}`,
  )
  const statusLine = options.statusLine ?? 'HTTP/1.1 101 Switching Protocols'
  return Buffer.from(`${options.prefix ?? ''}${[statusLine, ...lines, '', ''].join('\r\n')}`, 'latin1')
}

/** Writes the answer; from here on the input is read as frames, whatever the answer was. */
export async function sendAnswer(peer: Peer, request: ClientRequest, options: AnswerOptions = {}): Promise<void> {
  peer.startFrames()
  const head = buildAnswer(request, options)
  if (options.trailing === undefined) await peer.sendHead(head, options.chop)
  else await peer.sendBytes(Buffer.concat([head, options.trailing(peer)]), options.chop)
}
