import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Defects } from './defects.ts'
import { Deflate } from './deflate.ts'
import { CLOSE, CONTINUATION, encodeFrame, PING, PONG, TEXT } from './frame.ts'

const FIN = 0x80
const RSV1 = 0x40
const RSV3 = 0x10

/**
 * Writes frames of one role. Every method returns false when nothing was written or the socket is full (RFC 6455 §5).
 */
export class Output {
  readonly #socket: Socket
  readonly #isMasked: boolean
  readonly #defects: Defects
  #count = 0
  #pongCount = 0

  constructor(socket: Socket, role: 'server' | 'client', defects: Defects) {
    this.#socket = socket
    this.#isMasked = role === 'client'
    this.#defects = defects
  }

  message(opcode: number, payload: Buffer, deflate: Deflate | null): boolean {
    if (this.#defects.has('sends-rsv3')) return this.#send(FIN | RSV3 | opcode, payload)
    if (this.#defects.has('sends-reserved-opcode')) return this.#send(FIN | 0x3, payload)
    if (this.#defects.has('sends-two-starts')) return this.#sendHalves(opcode, opcode, payload)
    if (this.#defects.has('pmd-compresses-without-agreement')) deflate ??= plainDeflate(this.#defects)
    if (!deflate || this.#isSentPlain(payload)) return this.#sendPlain(opcode, payload)
    if (this.#defects.has('pmd-marks-plain-as-compressed')) return this.#send(FIN | RSV1 | opcode, payload)
    const first = this.#defects.has('pmd-forgets-rsv1') ? opcode : RSV1 | opcode
    const deflated = deflate.deflate(payload)
    if (this.#defects.has('fragments-compressed')) return this.#sendHalves(first, CONTINUATION, deflated)
    if (this.#defects.has('pmd-marks-each-fragment')) return this.#sendHalves(first, RSV1 | CONTINUATION, deflated)
    return this.#send(FIN | first, deflated)
  }

  /** Sends a ping that the other side must answer. */
  ping(): boolean {
    return this.#send(FIN | PING, Buffer.from('from the server'))
  }

  /** Returns whether a message is sent uncompressed although compression was agreed. */
  #isSentPlain(payload: Buffer): boolean {
    if (this.#defects.has('sends-plain-although-agreed')) return true
    return this.#defects.has('sends-short-texts-plain') && payload.length < 100
  }

  #sendPlain(opcode: number, payload: Buffer): boolean {
    if (this.#defects.has('fragments-echoes')) return this.#sendParts(opcode, payload, 3)
    if (this.#defects.has('pings-between-fragments')) return this.#sendParts(opcode, payload, 2)
    if (this.#defects.has('sends-empty-fragments')) {
      this.#send(opcode, Buffer.alloc(0))
      this.#send(CONTINUATION, payload)
      return this.#send(FIN | CONTINUATION, Buffer.alloc(0))
    }
    const isWritten = this.#send(FIN | opcode, payload)
    if (this.#defects.has('sends-unsolicited-pongs')) return this.#send(FIN | PONG, Buffer.from('heartbeat'))
    return this.#defects.has('pings-after-messages') ? this.ping() : isWritten
  }

  #sendParts(opcode: number, payload: Buffer, count: number): boolean {
    const size = Math.ceil(payload.length / count)
    for (let part = 0; part < count - 1; part++) {
      this.#send(part === 0 ? opcode : CONTINUATION, payload.subarray(part * size, (part + 1) * size))
      if (this.#defects.has('pings-between-fragments')) this.ping()
    }
    return this.#send(FIN | CONTINUATION, payload.subarray((count - 1) * size))
  }

  pong(payload: Buffer): boolean {
    this.#pongCount++
    if (this.#defects.has('sends-pong-before-answers')) this.#send(FIN | PONG, Buffer.from('heartbeat'))
    if (this.#defects.has('answers-no-ping')) return false
    if (this.#defects.has('answers-first-ping-only') && this.#pongCount > 1) return false
    if (this.#defects.has('answers-ping-with-ping')) return this.#send(FIN | PING, payload)
    if (this.#defects.has('answers-ping-without-data')) return this.#send(FIN | PONG, Buffer.alloc(0))
    if (this.#defects.has('answers-ping-in-utf8'))
      return this.#send(FIN | PONG, Buffer.from(payload.toString()).subarray(0, 125))
    if (this.#defects.has('cuts-pong-at-64')) return this.#send(FIN | PONG, payload.subarray(0, 64))
    if (this.#defects.has('pads-pongs')) return this.#send(FIN | PONG, Buffer.concat([payload, Buffer.alloc(126)]))
    if (this.#defects.has('sends-pong-without-fin')) return this.#send(PONG, payload)
    return this.#send(FIN | (this.#defects.has('sets-rsv1-on-pongs') ? RSV1 : 0) | PONG, payload)
  }

  /** Sends the reply to a Close with this body: a Close with the same code, or without a code. */
  closeReply(body: Buffer): boolean {
    if (this.#defects.has('drops-tcp-without-close-reply')) return false
    if (this.#defects.has('replies-1005-to-empty-close') && body.length === 0) return this.close(1005)
    if (this.#defects.has('swaps-bytes-of-close-code') && body.length > 1) return this.close(body.readUInt16LE(0))
    if (this.#defects.has('replies-close-of-one-byte')) return this.#send(FIN | CLOSE, Buffer.alloc(1))
    if (this.#defects.has('answers-close-with-empty-close')) return this.#send(FIN | CLOSE, Buffer.alloc(0))
    if (this.#defects.has('answers-close-with-1000')) return this.close(1000)
    if (this.#defects.has('echoes-close-reason')) return this.#send(FIN | CLOSE, body)
    const isWritten = this.#send(FIN | CLOSE, body.subarray(0, 2))
    if (this.#defects.has('replies-close-twice')) return this.#send(FIN | CLOSE, body.subarray(0, 2))
    if (this.#defects.has('pings-after-close')) return this.ping()
    if (this.#defects.has('sends-text-after-close')) return this.#send(FIN | TEXT, Buffer.from('bye'))
    return isWritten
  }

  /** Sends the Close that states why the connection fails. */
  failure(code: number): boolean {
    if (this.#defects.has('fails-without-close')) return false
    if (this.#defects.has('fails-with-empty-close')) return this.#send(FIN | CLOSE, Buffer.alloc(0))
    if (this.#defects.has('fails-with-1006')) return this.close(1006)
    if (this.#defects.has('fails-with-1010')) return this.close(1010)
    if (this.#defects.has('fails-with-1000')) return this.close(1000)
    if (this.#defects.has('fails-with-bad-reason'))
      return this.#send(FIN | CLOSE, Buffer.from([code >> 8, code & 0xff, 0xff]))
    if (code === 1009 && this.#defects.has('limits-messages-by-policy')) return this.close(1008)
    if (this.#defects.has('gives-reasons'))
      return this.#send(FIN | CLOSE, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from('für dich')]))
    return this.close(code)
  }

  /** Sends a Close with a code and no reason. */
  close(code: number): boolean {
    return this.#send(FIN | CLOSE, Buffer.from([code >> 8, code & 0xff]))
  }

  #sendHalves(first: number, second: number, payload: Buffer): boolean {
    this.#send(first, payload.subarray(0, payload.length >> 1))
    return this.#send(FIN | second, payload.subarray(payload.length >> 1))
  }

  #send(first: number, payload: Buffer): boolean {
    if (this.#defects.has('drops-output-when-busy') && this.#socket.writableLength > 16_384) return false
    const isMasked = this.#defects.has('masks-its-own') || (this.#isMasked && !this.#defects.has('masks-nothing'))
    return this.#socket.write(encodeFrame(first, payload, isMasked ? this.#key() : null, this.#defects))
  }

  #key(): Buffer {
    this.#count++
    if (this.#defects.has('masks-with-zero-key')) return Buffer.alloc(4)
    if (this.#defects.has('masks-with-constant-key')) return Buffer.from('mask')
    if (this.#defects.has('masks-with-counter')) return Buffer.from([0, 0, this.#count >> 8, this.#count & 0xff])
    return randomBytes(4)
  }
}

function plainDeflate(defects: Defects): Deflate {
  return new Deflate(
    { serverNoContext: true, clientNoContext: true, serverBits: null, clientBits: null },
    'server',
    defects,
  )
}
