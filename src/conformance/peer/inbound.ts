import { describeFrame, type Frame, Op, showBytes } from '../wire/index.ts'
import type { FrameWatch } from './frame-watch.ts'

/** A message from the target, assembled from its frames. */
export interface Message {
  opcode: number
  payload: Buffer
  /** Whether RSV1 was set on the first frame (RFC 7692 §6). `payload` is decompressed when the peer has a decoder. */
  compressed: boolean
  frames: Frame[]
  /** Whether `payload` has been decompressed. */
  isDecoded?: boolean
}

/** An event from the target. */
export type Inbound =
  | { kind: 'message'; message: Message }
  | { kind: 'ping' | 'pong'; frame: Frame }
  | { kind: 'close'; code: number | null; reason: string; frame: Frame }
  /** A frame that belongs to no message: a reserved opcode, or a continuation outside a message. */
  | { kind: 'stray'; frame: Frame }
  /** The end of the stream, by FIN or by RST. */
  | { kind: 'end'; tcp: 'fin' | 'rst' }

/** Thrown when the expectation of a case is not met. The message shows both sides. */
export class Mismatch extends Error {
  readonly expected: string
  readonly actual: string

  constructor(expected: string, actual: string) {
    super(`expected ${expected}, got ${actual}`)
    this.expected = expected
    this.actual = actual
  }
}

/** Describes an event for the line “received” of a failure. */
export function describeInbound(event: Inbound | null, timeout: number): string {
  if (event === null) return `nothing within ${Math.round(timeout)} ms`
  switch (event.kind) {
    case 'message':
      return `${event.message.opcode === Op.TEXT ? 'text' : 'binary'} message ${showBytes(event.message.payload)}`
    case 'ping':
    case 'pong':
      return `${event.kind} with ${showBytes(event.frame.payload)}`
    case 'close':
      return event.code === null ? 'Close without a code' : `Close ${event.code} ${JSON.stringify(event.reason)}`
    case 'stray':
      return `frame ${describeFrame(event.frame)} that belongs to no message`
    case 'end':
      return event.tcp === 'fin' ? 'the end of the stream (FIN)' : 'a reset connection (RST)'
  }
}

/** Assembles the data frames of one connection into messages. `FrameWatch` checks their order (RFC 6455 §5.4). */
export class MessageAssembly {
  #partial: { opcode: number; frames: Frame[] } | null = null

  /**
   * Returns the message that ends with this data frame, a frame outside a message, or null while the message is
   * incomplete.
   */
  push(frame: Frame): Inbound | null {
    if (frame.opcode === Op.CONT && this.#partial === null) return { kind: 'stray', frame }
    if (frame.opcode !== Op.CONT || this.#partial === null) this.#partial = { opcode: frame.opcode, frames: [] }
    const { opcode, frames } = this.#partial
    frames.push(frame)
    if (!frame.fin) return null
    this.#partial = null
    const payload = frames.length === 1 ? frame.payload : Buffer.concat(frames.map((one) => one.payload))
    return { kind: 'message', message: { opcode, payload, compressed: (frames[0].rsv & 4) !== 0, frames } }
  }
}

/** Decompresses a message in place (RFC 7692 §7.2.2). */
export function decodeMessage(
  message: Message,
  decoder: ((message: Message) => Buffer) | null,
  watch: FrameWatch,
): void {
  if (!message.compressed || decoder === null || message.isDecoded) return
  message.isDecoded = true
  try {
    message.payload = decoder(message)
  } catch (error) {
    watch.noteUndecodable(message.payload)
    throw new Mismatch(
      'a message that can be decompressed',
      `${showBytes(message.payload)}: ${(error as Error).message}`,
    )
  }
  if (message.opcode === Op.TEXT) watch.checkText([message.payload])
}

/** The messages with which a target greets each client. They are decompressed, like all messages of a connection. */
export class Greetings {
  #left: number

  constructor(count: number) {
    this.#left = count
  }

  /** Returns whether an event is a greeting, which is counted. */
  take(event: Inbound, decoder: ((message: Message) => Buffer) | null, watch: FrameWatch): boolean {
    if (event.kind !== 'message' || this.#left === 0) return false
    this.#left--
    try {
      decodeMessage(event.message, decoder, watch)
    } catch (error) {
      // The watch has noted it.
      if (!(error instanceof Mismatch)) throw error
    }
    return true
  }
}
