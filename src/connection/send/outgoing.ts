import { Opcode } from '../../core/opcode.ts'
import { flushDeferred } from './end-of-tick.ts'
import type { Outbox } from './outbox.ts'
import { PreparedMessage } from './prepared-message.ts'

/** What may be sent: a string goes as text, bytes go as binary. */
export type Sendable = string | Uint8Array | ArrayBuffer

/** How one message is sent. */
export interface SendOptions {
  /** Whether it may be compressed, where permessage-deflate was agreed on. Default: true. */
  compress?: boolean
}

/** At least the bytes that a message takes; a UTF-16 unit makes at most 3. Throws a TypeError for what is none. */
export function sizeBound(data: Sendable | PreparedMessage): number {
  if (typeof data === 'string') return data.length * 3
  if (data instanceof Uint8Array) return data.length
  if (data instanceof ArrayBuffer) return data.byteLength
  if (data instanceof PreparedMessage) return data.frame.length
  throw unsendable(data)
}

/** What is thrown for data that cannot be sent. */
export function unsendable(data: unknown): TypeError {
  const type = data === null ? 'null' : typeof data
  return new TypeError(`a message of type ${type}; a string, Uint8Array or ArrayBuffer is allowed`)
}

/** Sends a message on a connection without compression. */
export function sendPlain(outbox: Outbox, data: Sendable | PreparedMessage): void {
  flushDeferred()
  if (typeof data === 'string') outbox.sendText(Opcode.TEXT, data)
  else if (data instanceof Uint8Array) outbox.sendBytes(Opcode.BINARY, data)
  else if (data instanceof PreparedMessage) outbox.sendEncoded(data.frame)
  else outbox.sendBytes(Opcode.BINARY, new Uint8Array(data))
}
