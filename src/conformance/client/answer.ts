import type { Peer } from '../peer/index.ts'
import { acceptOf, type Chop, changeFields, type Fields, fieldValue } from '../wire/index.ts'
import type { ClientRequest } from './request.ts'

/** How a response differs from a minimal 101 (RFC 6455 §4.2.2). */
export interface AnswerOptions {
  statusLine?: string
  /** Changes fields by name. An array repeats the field, and `null` omits it. */
  set?: Record<string, string | string[] | null>
  /** Further fields, after those of the 101. */
  add?: Fields
  /** Changes the field names, for example their case. Applied last. */
  rename?: (name: string) => string
  /** An interim response that is sent before the final response. */
  prefix?: string
  chop?: Chop
  /** Frames that are sent in the same write. */
  trailing?: (peer: Peer) => Uint8Array
}

/** Returns the key of a request, or an empty string. */
export function keyOf(request: ClientRequest): string {
  return fieldValue(request, 'sec-websocket-key') ?? ''
}

/** Encodes a 101 for this request, with the given differences (RFC 6455 §4.2.2). */
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

/** Writes the response. All further input is read as frames, even if the response is not a 101. */
export async function sendAnswer(peer: Peer, request: ClientRequest, options: AnswerOptions = {}): Promise<void> {
  peer.startFrames()
  const head = buildAnswer(request, options)
  if (options.trailing === undefined) await peer.sendHead(head, options.chop)
  else await peer.sendBytes(Buffer.concat([head, options.trailing(peer)]), options.chop)
}
