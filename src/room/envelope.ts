import type { MessageSource, Payload, Position } from './broker/broker.ts'

/** The content of a message id: everything that its receiver has got. */
export interface MessageId {
  /** All numbered messages up to here. */
  readonly position: Position
  /** Beyond that, the messages of one process up to this one, which were delivered before they were numbered. */
  readonly unnumbered: MessageSource | null
}

/** Formats an id; a client sends the last one back to resume. */
export function formatId({ epoch, count }: Position, unnumbered: MessageSource | null): string {
  const id = `${epoch}.${count}`
  return unnumbered === null ? id : `${id}.${unnumbered.origin}.${unnumbered.sequence}`
}

const idPattern = /^([\w-]{1,32})\.(\d{1,15})(?:\.([\w-]{1,32})\.(\d{1,15}))?$/

/** Parses an id; `null` for an invalid one. */
export function parseId(id: string): MessageId | null {
  const match = idPattern.exec(id)
  if (match === null) return null
  const [, epoch, count, origin, sequence] = match
  return {
    position: { epoch, count: Number(count) },
    unnumbered: origin === undefined ? null : { origin, sequence: Number(sequence) },
  }
}

/**
 * Formats a message of a room with history: `{"id":"…","data":"…"}` with the text, or `{"id":"…","binary":"…"}` with
 * bytes in base64, so that a message and its id arrive together or not at all. There is no id while the broker cannot
 * be reached and none is known.
 */
export function formatEnvelope(id: string | null, payload: Payload): string {
  const start = id === null ? '{' : `{"id":${JSON.stringify(id)},`
  return typeof payload === 'string'
    ? `${start}"data":${JSON.stringify(payload)}}`
    : `${start}"binary":"${payload.toString('base64')}"}`
}

/** Formats the notice that messages are missing between the previous message and the next. */
export function formatGap(id: string | null): string {
  return id === null ? '{"gap":true}' : `{"id":${JSON.stringify(id)},"gap":true}`
}
