import { createHash } from 'node:crypto'
import type { MessageSource, Payload, Position } from './broker/broker.ts'

/** The content of a message id. It describes everything that a receiver has received from one room. */
export interface MessageId {
  /** The receiver has all numbered messages up to this position. */
  readonly position: Position
  /**
   * The last message that the receiver has beyond `position`, delivered by one process before it was numbered; null
   * when there is none.
   */
  readonly unnumbered: MessageSource | null
}

/** The position of a topic whose broker has not been reached. It is not in any history. */
export const UNKNOWN_POSITION: Position = { epoch: '-', count: 0 }

/** Returns a key that distinguishes the ids of a room from those of other rooms, because a client may be in several. */
export function roomKeyOf(topic: string): string {
  return createHash('sha256').update(JSON.stringify(topic)).digest('base64url').slice(0, 8)
}

/** Formats an id, with characters that need no escape in a URL. */
export function formatId(roomKey: string, { epoch, count }: Position, unnumbered: MessageSource | null): string {
  const id = `${roomKey}.${epoch}.${count}`
  return unnumbered === null ? id : `${id}.${unnumbered.origin}.${unnumbered.sequence}`
}

const idPattern = /^([\w-]{8})\.([\w-]{1,32})\.(\d{1,15})(?:\.([\w-]{1,32})\.(\d{1,15}))?$/

/**
 * Finds the id of a room in the text that a client sends to resume: its last ids of all rooms, joined by `*`.
 *
 * @returns undefined when there are only ids of other rooms, null when there is an invalid id.
 */
export function parseLast(last: string, roomKey: string): MessageId | null | undefined {
  let found: MessageId | undefined
  for (const text of String(last).split('*')) {
    const match = idPattern.exec(text)
    if (match === null) return null
    const [, key, epoch, count, origin, sequence] = match
    if (key !== roomKey) continue
    const unnumbered = origin === undefined ? null : { origin, sequence: Number(sequence) }
    found = { position: { epoch, count: Number(count) }, unnumbered }
  }
  return found
}

/**
 * Formats a message of a room with history: `{"id":"…","data":"…"}` with text, or `{"id":"…","binary":"…"}` with bytes
 * in base64. The message and its id thus arrive together or not at all.
 */
export function formatEnvelope(id: string, payload: Payload): string {
  return typeof payload === 'string'
    ? `{"id":"${id}","data":${JSON.stringify(payload)}}`
    : `{"id":"${id}","binary":"${payload.toString('base64')}"}`
}

/** Formats the notice that messages are missing between the previous and the next message. */
export function formatGap(id: string): string {
  return `{"id":"${id}","gap":true}`
}

/** Formats the notice that gives a new member a message id, from which it can resume. */
export function formatJoined(id: string): string {
  return `{"id":"${id}","joined":true}`
}
