import type { CloseInfo } from '../../src/core/closing-handshake.ts'
import { ProtocolError } from '../../src/core/errors.ts'
import type { MessageCodec } from '../../src/core/message-codec.ts'
import { Protocol, type ProtocolOptions, type ProtocolSink } from '../../src/core/protocol.ts'

/** Records the calls of a protocol, one line for each call. `on` may react to them. */
export class Recorder implements ProtocolSink {
  readonly log: string[] = []
  info: CloseInfo | null = null
  on: (entry: string) => void = () => {}

  #note(entry: string): void {
    this.log.push(entry)
    this.on(entry)
  }

  onTextMessage(bytes: Buffer, start: number, end: number): void {
    this.#note(`text ${bytes.toString('utf8', start, end)}`)
  }

  onBinaryMessage(bytes: Buffer, start: number, end: number): void {
    this.#note(`binary ${bytes.toString('hex', start, end)}`)
  }

  onPongReceived(payload: Buffer): void {
    this.#note(`pong ${payload}`)
  }

  onControlFrame(opcode: number, payload: Uint8Array): void {
    this.#note(`sent ${opcode} ${Buffer.from(payload).toString('hex')}`)
  }

  onCloseExpected(): void {
    this.#note('close expected')
  }

  onClosed(info: CloseInfo): void {
    this.info = info
    this.#note(`closed ${info.code} ${info.wasClean ? 'clean' : 'unclean'} ${info.initiator}`)
  }

  onFlow(reading: boolean): void {
    this.#note(reading ? 'read' : 'stop')
  }
}

/** Makes the protocol of a server with small limits. `log` has its calls. */
export function make({
  maxMessageSize = 1000,
  ...options
}: Partial<ProtocolOptions> & { maxMessageSize?: number } = {}) {
  const sink = new Recorder()
  const protocol = new Protocol(sink, { role: 'server', limits: { maxMessageSize, maxFrames: 100 }, ...options })
  return { sink, protocol, log: sink.log }
}

/**
 * A codec that finishes at once, or with `late` when `finish` is called. A compressed message is a byte followed by the
 * message.
 */
export class LateCodec implements MessageCodec {
  finish: (() => void) | null = null
  released = false
  late = true

  decompress(
    payload: Uint8Array,
    limit: number,
    done: (error: ProtocolError | null, message: Uint8Array) => void,
  ): void {
    const message = Uint8Array.from(payload.subarray(1))
    const run = (): void => {
      if (message.length > limit) done(new ProtocolError(1009, 'ERR_WS_MESSAGE_TOO_BIG', 'too big'), message)
      else done(null, message)
    }
    if (this.late) this.finish = run
    else run()
  }

  wantsCompression(): boolean {
    return true
  }

  compress(_message: Uint8Array, done: (payload: Uint8Array | null) => void): void {
    done(null)
  }

  release(): void {
    this.released = true
  }
}
