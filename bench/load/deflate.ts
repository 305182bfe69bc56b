import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { buildFrame, CLOSE, PING, PONG, readFrame } from '../wire/frame.ts'
import { type Kind, makePayload, opcodeOf } from '../wire/payload.ts'
import { describeClose, WrongReplyError } from './reply-stream.ts'

/** The offer of browsers (RFC 7692 §7.1). */
export const BROWSER_OFFER = 'permessage-deflate; client_max_window_bits'

const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])
const WINDOW = 32 * 1024
const MASK_KEY = Buffer.from([0x5a, 0x17, 0xc3, 0x88])

/** The parameters that a server accepted. */
export interface AcceptedDeflate {
  clientWindowBits: number
  serverTakesOver: boolean
}

/**
 * Reads the server's Sec-WebSocket-Extensions (RFC 7692 §7.1).
 *
 * @throws {Error} when compression was not accepted.
 */
export function readAcceptedDeflate(extensions: string): AcceptedDeflate {
  const [name, ...parameters] = extensions.split(';').map((part) => part.trim())
  if (name !== 'permessage-deflate') throw new Error('the server did not accept permessage-deflate')
  const bits = parameters.find((parameter) => parameter.startsWith('client_max_window_bits='))
  return {
    clientWindowBits: bits ? Number(bits.split('=')[1]) : 15,
    serverTakesOver: !parameters.includes('server_no_context_takeover'),
  }
}

/** Messages compressed in advance, without context takeover, which a client may always do (RFC 7692 §7.1.1.2). */
export interface DeflateScript {
  burst: Buffer
  frames: Buffer[]
  payloads: Buffer[]
  opcode: number
}

/** Builds `count` distinct compressed messages (RFC 7692 §7.2.1). */
export function deflateScript(kind: Kind, size: number, count: number, windowBits: number): DeflateScript {
  const opcode = opcodeOf(kind)
  const payloads = Array.from({ length: count }, (_, index) => makePayload(kind, size, index))
  const frames = payloads.map((payload) =>
    buildFrame(opcode, deflateMessage(payload, windowBits), { maskKey: MASK_KEY, rsv1: true }),
  )
  return { burst: Buffer.concat(frames), frames, payloads, opcode }
}

/** Compresses one message and removes the empty block at its end (RFC 7692 §7.2.1). */
export function deflateMessage(payload: Uint8Array, windowBits = 15): Buffer {
  // zlib turns a window of 8 bits into 9, which a peer with 8 bits cannot read. Stored blocks are sent instead.
  const options = { windowBits: Math.max(9, windowBits), finishFlush: constants.Z_SYNC_FLUSH }
  const level = windowBits < 9 ? { level: 0 } : {}
  const whole = deflateRawSync(payload, { ...options, ...level })
  return whole.subarray(0, whole.length - TAIL.length)
}

/** Inflates and checks every compressed reply of one connection (RFC 7692 §7.2.2). */
export class DeflateReplies {
  /** Replies without compression. */
  plain = 0
  readonly #script: DeflateScript
  readonly #takesOver: boolean
  #history: Buffer = Buffer.alloc(0)
  #pending: Buffer = Buffer.alloc(0)
  #next = 0

  constructor(script: DeflateScript, takesOver: boolean) {
    this.#script = script
    this.#takesOver = takesOver
  }

  /**
   * Reads bytes and returns how many messages they complete.
   *
   * @throws {WrongReplyError} when a reply is not the expected one.
   */
  receive(bytes: Buffer, start: number, end: number): number {
    this.#pending = Buffer.concat([this.#pending, bytes.subarray(start, end)])
    let completed = 0
    let at = 0
    for (let frame = readFrame(this.#pending, at); frame; frame = readFrame(this.#pending, at)) {
      at += frame.size
      if (frame.opcode === PING || frame.opcode === PONG) continue
      if (frame.opcode === CLOSE) throw new WrongReplyError(`the server closed the connection: ${describeClose(frame)}`)
      if (!frame.fin) throw new WrongReplyError('the server fragmented a compressed message, which is not measured')
      this.#check(frame.rsv1 ? this.#inflate(frame.payload) : frame.payload)
      if (!frame.rsv1) this.plain++
      completed++
    }
    this.#pending = Buffer.from(this.#pending.subarray(at))
    return completed
  }

  #inflate(payload: Buffer): Buffer {
    const message = inflateRawSync(Buffer.concat([payload, TAIL]), {
      finishFlush: constants.Z_SYNC_FLUSH,
      dictionary: this.#history.length > 0 ? this.#history : undefined,
    })
    if (this.#takesOver) this.#history = Buffer.concat([this.#history, message]).subarray(-WINDOW)
    return message
  }

  #check(message: Buffer): void {
    const wanted = this.#script.payloads[this.#next]
    if (!message.equals(wanted)) {
      throw new WrongReplyError(
        `reply ${this.#next} of ${message.length} bytes differs from the message of ${wanted.length} bytes that was sent`,
      )
    }
    this.#next = (this.#next + 1) % this.#script.payloads.length
  }
}
