import { randomBytes } from 'node:crypto'
import type { HistoryOptions, HistoryRead, Payload, Position, Publication, TopicMessage } from './broker/broker.ts'

/** A message that its members got before it was numbered: those of `origin` up to `sequence` are known already. */
export interface Ahead {
  readonly origin: string
  readonly sequence: number
}

/** What an id of a room's message says. */
export interface MessageId {
  readonly position: Position
  readonly ahead: Ahead | null
}

/** An epoch or a process: unguessable only so that two never meet. */
export function makeToken(): string {
  return randomBytes(9).toString('base64url')
}

/** Writes an id: a client gives the last one back to resume. */
export function formatId({ epoch, count }: Position, ahead: Ahead | null): string {
  const id = `${epoch}.${count}`
  return ahead === null ? id : `${id}.${ahead.origin}.${ahead.sequence}`
}

const idPattern = /^([\w-]{1,32})\.(\d{1,15})(?:\.([\w-]{1,32})\.(\d{1,15}))?$/

/** Reads an id; `null` for what is none. */
export function parseId(id: string): MessageId | null {
  const match = idPattern.exec(id)
  if (match === null) return null
  const [, epoch, count, origin, sequence] = match
  return {
    position: { epoch, count: Number(count) },
    ahead: origin === undefined ? null : { origin, sequence: Number(sequence) },
  }
}

/**
 * What a member of a room with history gets, as text: `{"id":"…","data":"…"}` with the text that was broadcast, or
 * `{"id":"…","binary":"…"}` with bytes in base64, so that a message and its id arrive together or not at all. The id
 * is missing while the broker cannot be reached and none is known.
 */
export function formatEnvelope(id: string | null, payload: Payload): string {
  const head = id === null ? '{' : `{"id":${JSON.stringify(id)},`
  return typeof payload === 'string'
    ? `${head}"data":${JSON.stringify(payload)}}`
    : `${head}"binary":"${payload.toString('base64')}"}`
}

/** Tells a member that messages are missing between what it had and what follows. */
export function formatGap(id: string | null): string {
  return id === null ? '{"gap":true}' : `{"id":${JSON.stringify(id)},"gap":true}`
}

interface Kept {
  readonly message: TopicMessage
  readonly until: number
}

/** The numbering of a topic, and its last messages, in the memory of this process. */
export class TopicLog {
  readonly epoch = makeToken()
  #count = 0
  #kept: Kept[] = []
  /** When it was last written to, on the clock that the caller reads. */
  touchedAt = 0

  get position(): Position {
    return { epoch: this.epoch, count: this.#count }
  }

  /** Messages that are kept. */
  get size(): number {
    return this.#kept.length
  }

  /** Numbers a message, behind `skipped` others that are lost, and keeps it as long as `history` says. */
  append(
    origin: string,
    { sequence, payload, compress }: Publication,
    history: HistoryOptions | null,
    now: number,
    skipped = 0,
  ): TopicMessage {
    this.#count += 1 + skipped
    this.touchedAt = now
    const message = { epoch: this.epoch, count: this.#count, origin, sequence, payload, compress }
    if (history !== null) {
      this.#kept.push({ message, until: now + history.ttl })
      this.expire(now)
      if (this.#kept.length > history.size) this.#kept.splice(0, this.#kept.length - history.size)
    }
    return message
  }

  /** What followed `after`. */
  read(after: Position, now: number): HistoryRead {
    this.expire(now)
    const { position } = this
    return selectAfter(
      this.#kept.map(({ message }) => message),
      after,
      position,
    )
  }

  /** Lets go of what is too old. */
  expire(now: number): void {
    const first = this.#kept.findIndex(({ until }) => until > now)
    if (first !== 0) this.#kept.splice(0, first === -1 ? this.#kept.length : first)
  }
}

/** Of the messages that are kept those behind `after`, and whether these are all. */
export function selectAfter(kept: readonly TopicMessage[], after: Position, position: Position): HistoryRead {
  const isKnown = after.epoch === position.epoch && after.count <= position.count
  const messages = isKnown ? kept.filter(({ count }) => count > after.count) : [...kept]
  return { messages, isComplete: isKnown && messages.length === position.count - after.count, position }
}
