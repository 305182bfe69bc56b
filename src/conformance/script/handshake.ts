import type { Peer } from '../peer/index.ts'
import type { Chop, RequestOptions, Response, UpgradeRequest } from '../wire/index.ts'
import type { AnswerBreach } from './response-rule.ts'

/** A handshake: request and response. */
export interface Handshake {
  peer: Peer
  request: UpgradeRequest
  /** The response; null when none arrived. */
  response: Response | null
  /** The rules of `hs.resp` that the 101 violates. */
  breaches: AnswerBreach[]
}

/** How a connection is opened. */
export interface OpenOptions extends RequestOptions {
  /** Splits the request into several writes. */
  chop?: Chop
  /** Text that is sent before the request, with one byte per character. */
  prefix?: string
  /** Returns bytes that are sent after the request in the same write. */
  early?: (peer: Peer) => Buffer
  /** Milliseconds to wait for the connection, and then for the response. */
  timeout?: number
}

/** Describes a response for messages. */
export function describeAnswer(response: Response | null, peer: Peer): string {
  if (response !== null) return response.statusLine
  if (peer.unread.length > 0) return `no response head but ${peer.unread.length} bytes`
  return peer.ended
    ? `the end of the stream without a response (${peer.closing.tcp?.toUpperCase()})`
    : 'no response in time'
}

/** Returns whether a connection has ended without a response. */
export function isEnded({ peer, response }: Pick<Handshake, 'peer' | 'response'>): boolean {
  return response === null && peer.ended && peer.unread.length === 0
}

/**
 * Returns whether a response means that the target has reached its limit of connections or of their rate (RFC 9110
 * §15.6.4, RFC 6585 §4).
 */
export function isBusy(response: Response | null): boolean {
  return response?.status === 503 || response?.status === 429
}
