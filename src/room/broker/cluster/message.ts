import type { HistoryOptions, HistoryRead, Payload, Position, TopicMessage } from '../broker.ts'

/** A payload as node's IPC carries it in either serialization: text, or bytes in base64. */
export interface WirePayload {
  readonly text?: string
  readonly binary?: string
}

/** What a worker publishes. */
export interface WirePublication extends WirePayload {
  readonly topic: string
  readonly sequence: number
  readonly compress: boolean
  readonly history: HistoryOptions | null
  readonly skipped: number
}

/** A numbered message. */
export interface WireMessage extends WirePayload, Position {
  readonly origin: string
  readonly sequence: number
  readonly compress: boolean
}

/** What a worker asks of the primary, and what it is answered. */
export interface Questions {
  subscribe: { ask: { topic: string }; answer: Position }
  read: { ask: { topic: string; after: Position }; answer: WireRead }
  presence: { ask: { key: string }; answer: string[] }
  presenceKeys: { ask: { beginning: string }; answer: string[] }
}

export interface WireRead extends Omit<HistoryRead, 'messages'> {
  readonly messages: readonly WireMessage[]
}

/** From a worker to the primary, in order. */
export type ToPrimary =
  | { type: 'publish'; publications: readonly WirePublication[] }
  | { type: 'unsubscribe'; topic: string }
  | { type: 'announce'; key: string; value: string | null }
  | { [K in keyof Questions]: { type: K; number: number } & Questions[K]['ask'] }[keyof Questions]

/** From the primary to a worker, in order. */
export type ToWorker =
  | { type: 'message'; topic: string; message: WireMessage }
  | { type: 'answer'; number: number; value: unknown }

/** What travels: one of these with everything that there is to say, beside the application's own messages. */
export type ClusterMessage =
  | { dwebsocket: 'to-primary'; origin: string; items: readonly ToPrimary[] }
  | { dwebsocket: 'to-worker'; items: readonly ToWorker[] }

export function isClusterMessage(message: unknown): message is ClusterMessage {
  return typeof message === 'object' && message !== null && 'dwebsocket' in message
}

export function packPayload(payload: Payload): WirePayload {
  return typeof payload === 'string' ? { text: payload } : { binary: payload.toString('base64') }
}

export function unpackPayload({ text, binary = '' }: WirePayload): Payload {
  return text ?? Buffer.from(binary, 'base64')
}

export function packMessage({ payload, ...rest }: TopicMessage): WireMessage {
  return { ...rest, ...packPayload(payload) }
}

export function unpackMessage({ text, binary, ...rest }: WireMessage): TopicMessage {
  return { ...rest, payload: unpackPayload({ text, binary }) }
}
