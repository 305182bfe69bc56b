import type { HistoryRead, Outgoing, Payload, Position, TopicMessage } from '../broker.ts'

/** A payload as node's IPC carries it in either serialization: text, or bytes in base64. */
export interface WirePayload {
  readonly text?: string | undefined
  readonly binary?: string | undefined
}

/** A message that a worker publishes. */
export type WirePublication = Omit<Outgoing, 'payload'> & WirePayload

/** A numbered message. */
export type WireMessage = Omit<TopicMessage, 'payload'> & WirePayload

/** The questions of a worker, and the primary's answers. */
export interface Questions {
  subscribe: { ask: { topic: string }; answer: Position }
  read: { ask: { topic: string; after: Position }; answer: WireRead }
  presence: { ask: { key: string }; answer: string[] }
  presenceKeys: { ask: { prefix: string }; answer: string[] }
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

/** An IPC message, which carries any number of items; the application's own messages share the channel. */
export type ClusterMessage =
  | { dwebsocket: 'to-primary'; origin: string; items: readonly ToPrimary[] }
  | { dwebsocket: 'to-worker'; items: readonly ToWorker[] }

export function isClusterMessage(message: unknown): message is ClusterMessage {
  return typeof message === 'object' && message !== null && 'dwebsocket' in message
}

/** Replaces the payload of a message by its form on the wire. */
export function pack<T extends { readonly payload: Payload }>(message: T): Omit<T, 'payload'> & WirePayload {
  const { payload, ...rest } = message
  return typeof payload === 'string' ? { ...rest, text: payload } : { ...rest, binary: payload.toString('base64') }
}

/** The inverse of `pack`. */
export function unpack<T extends WirePayload>(message: T): Omit<T, keyof WirePayload> & { payload: Payload } {
  const { text, binary = '', ...rest } = message
  return { ...rest, payload: text ?? Buffer.from(binary, 'base64') }
}
