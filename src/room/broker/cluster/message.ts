import type { HistoryRead, Outgoing, Payload, Position, TopicMessage } from '../broker.ts'

/** A payload that both serializations of Node's IPC can carry: text, or bytes in base64. */
export interface WirePayload {
  readonly text?: string | undefined
  readonly binary?: string | undefined
}

/** A message that a worker publishes. */
export type WirePublication = Omit<Outgoing, 'payload'> & WirePayload

/** A numbered message. */
export type WireMessage = Omit<TopicMessage, 'payload'> & WirePayload

/** The requests of a worker, and the responses of the primary. */
export interface Questions {
  /** Checks that the primary responds. */
  hello: { ask: object; answer: true }
  /** A batch that was published before is not published again, because the first response may have been lost. */
  publish: {
    ask: { batch: number; publications: readonly WirePublication[]; renewal?: string | null | undefined }
    answer: true
  }
  subscribe: { ask: { topic: string }; answer: Position }
  read: { ask: { topic: string; after: Position }; answer: WireRead }
  presence: { ask: { key: string }; answer: string[] }
  presenceKeys: { ask: { prefix: string }; answer: string[] }
}

export interface WireRead extends Omit<HistoryRead, 'messages'> {
  readonly messages: readonly WireMessage[]
}

/** Items from a worker to the primary, in order. */
export type ToPrimary =
  /** Withdraws all subscriptions and announcements of the worker. */
  | { type: 'reset' }
  | { type: 'unsubscribe'; topic: string }
  | { type: 'announce'; key: string; value: string | null }
  | { [K in keyof Questions]: { type: K; number: number } & Questions[K]['ask'] }[keyof Questions]

/** Items from the primary to a worker, in order. */
export type ToWorker =
  | { type: 'message'; topic: string; message: WireMessage }
  | { type: 'answer'; number: number; value: unknown }

/**
 * An IPC message, which carries any number of items. The application's own messages use the same channel. `origin`
 * identifies the broker, because a worker may have several. `primary` is unique for each call of `joinWorkers()`,
 * because a new call does not know earlier subscriptions.
 */
export type ClusterMessage =
  | { dwebsocket: 'to-primary'; origin: string; items: readonly ToPrimary[] }
  | { dwebsocket: 'to-worker'; origin: string; primary: string; items: readonly ToWorker[] }

export function isClusterMessage(message: unknown): message is ClusterMessage {
  return typeof message === 'object' && message !== null && 'dwebsocket' in message && 'items' in message
}

/** Replaces the payload of a message with its serialized form. */
export function pack<T extends { readonly payload: Payload }>(message: T): Omit<T, 'payload'> & WirePayload {
  const { payload, ...rest } = message
  return typeof payload === 'string' ? { ...rest, text: payload } : { ...rest, binary: payload.toString('base64') }
}

/** The inverse of `pack`. */
export function unpack<T extends WirePayload>(message: T): Omit<T, keyof WirePayload> & { payload: Payload } {
  const { text, binary = '', ...rest } = message
  return { ...rest, payload: text ?? Buffer.from(binary, 'base64') }
}
