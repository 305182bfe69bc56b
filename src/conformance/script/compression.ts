import { constants, deflateRawSync, type ZlibOptions } from 'node:zlib'
import type { Peer } from '../peer/index.ts'
import {
  type Agreement,
  agreementOf,
  type FrameSpec,
  hex,
  Op,
  PMD,
  Rsv,
  slide,
  TAIL,
  WINDOW_BITS,
} from '../wire/index.ts'
import type { Case } from './case.ts'
import { expectAccepted } from './expect-handshake.ts'
import type { Handshake } from './handshake.ts'
import type { Trial } from './trial.ts'

/** `Hello` compressed into one block (RFC 7692 §7.2.3.1). */
export const HELLO = hex('f248cdc9c90700')
/** `Hello` as a reference to the `Hello` before it (RFC 7692 §7.2.3.2). */
export const HELLO_AGAIN = hex('f200110000')

/** Compresses the messages of one connection in order, and retains the window between them (RFC 7692 §7.2.1). */
export class Deflater {
  readonly #windowBits: number
  readonly #keepsWindow: boolean
  #window: Buffer = Buffer.alloc(0)

  /** @param agreement limits the window of the client; default: 32 KiB, retained between messages. */
  constructor(agreement?: Agreement) {
    this.#windowBits = agreement?.clientBits ?? WINDOW_BITS
    this.#keepsWindow = agreement?.clientNoContext !== true
  }

  /** Returns the compressed message without its tail 00 00 FF FF (RFC 7692 §7.2.1). */
  deflate(message: Buffer, options: ZlibOptions = {}): Buffer {
    const all: ZlibOptions = {
      // zlib does not support a window of 2^8. With one of 2^9 it refers back at most 250 bytes.
      windowBits: Math.max(9, this.#windowBits),
      finishFlush: constants.Z_SYNC_FLUSH,
      chunkSize: 65_536,
      ...options,
      ...(this.#window.length > 0 && { dictionary: this.#window }),
    }
    const deflated = deflateRawSync(message, all)
    if (this.#keepsWindow) this.#window = slide(this.#window, message, this.#windowBits)
    return deflated.subarray(0, -TAIL.length)
  }
}

/**
 * Returns the frames of a compressed message, with RSV1 on the first one only (RFC 7692 §6.1). `sizes` are the bytes of
 * its fragments.
 */
export function compressedFrames(opcode: number, payload: Uint8Array, ...sizes: number[]): FrameSpec[] {
  const frames: FrameSpec[] = []
  for (let at = 0, turn = 0; ; turn++) {
    const end = sizes.length === 0 ? payload.length : at + sizes[Math.min(turn, sizes.length - 1)]
    const fin = end >= payload.length
    frames.push({
      opcode: turn === 0 ? opcode : Op.CONT,
      rsv: turn === 0 ? Rsv.RSV1 : 0,
      fin,
      payload: payload.subarray(at, end),
    })
    if (fin) return frames
    at = end
  }
}

/** Performs a handshake that offers extensions, with one field for each value. */
export async function offerExtensions(t: Trial, ...values: string[]): Promise<Handshake> {
  return t.handshake({ add: values.map((value): [string, string] => ['Sec-WebSocket-Extensions', value]) })
}

/** A connection on which permessage-deflate is in use. */
export interface CompressedLink {
  peer: Peer
  agreement: Agreement
  deflater: Deflater
}

/**
 * Opens a connection with permessage-deflate. Skips the case when the offer is declined (RFC 7692 §5), or when the
 * request is refused because of it, which `pmd.neg` judges.
 */
export async function openCompressed(t: Trial, offer: string = PMD): Promise<CompressedLink> {
  const handshake = await offerExtensions(t, offer)
  skipRefusal(t, handshake, offer)
  expectAccepted(t, handshake)
  const agreement = handshake.response === null ? null : agreementOf(handshake.response)
  if (agreement === null) t.skip(`the target declined “${offer}”`)
  return { peer: handshake.peer, agreement, deflater: new Deflater(agreement) }
}

/** Skips the case when the target refuses the handshake because of the offer. */
export function skipRefusal(t: Trial, { response }: Handshake, offer: string): void {
  if (response !== null && response.status >= 400) t.skip(`the target refuses “${offer}”: ${response.statusLine}`)
}

/** Skips the case when the client must not refer to its earlier messages (RFC 7692 §7.1.1.2). */
export function needClientWindow(t: Trial, agreement: Agreement): void {
  if (agreement.clientNoContext) t.skip('the target asks for client_no_context_takeover')
}

/** Makes a case that runs on a connection with permessage-deflate, agreed for the plain offer. */
export function linkedCase(id: string, run: (t: Trial, link: CompressedLink) => Promise<void>): Case {
  return { id, needs: ['pmd'], run: async (t) => run(t, await openCompressed(t)) }
}
