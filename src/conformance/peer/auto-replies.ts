import { type Frame, Op, readingTurn } from '../wire/index.ts'
import type { Closing } from './peer-settings.ts'
import type { SendingPeer } from './sending-peer.ts'

/** What a peer sends on its own: pongs, and its part of the closing handshake. */
export class AutoReplies {
  readonly #sender: SendingPeer
  readonly #closing: Closing
  /** Whether the peer answers pings. */
  autoPong = true
  /** Whether the peer answers a Close and, as a server, ends TCP after both Close frames. */
  autoClose = true

  constructor(sender: SendingPeer, closing: Closing) {
    this.#sender = sender
    this.#closing = closing
  }

  onPing({ payload }: Frame): void {
    if (this.autoPong && !this.#sender.isCloseSent) void this.#sender.sendFrames([{ opcode: Op.PONG, payload }])
  }

  onClose(code: number | null): void {
    if (!this.autoClose) return
    void (this.#sender.role === 'server' ? this.#finishClosing(code) : this.#answerClose(code))
  }

  /** The server ends TCP first, after its own Close (RFC 6455 §7.1.1). */
  async #finishClosing(code: number | null): Promise<void> {
    if (!this.#sender.isCloseSent) await this.#sender.sendClose(code ?? undefined)
    this.#sender.end()
  }

  /** As a client, answers a Close that it did not request, unless the server ends TCP immediately (RFC 6455 §5.5.1). */
  async #answerClose(code: number | null): Promise<void> {
    await readingTurn()
    if (this.#closing.tcp === null && !this.#sender.isCloseSent) await this.#sender.sendClose(code ?? undefined)
  }
}
