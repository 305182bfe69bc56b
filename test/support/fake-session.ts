import type { SendResult } from '../../src/connection/send/outgoing.ts'
import { PreparedMessage } from '../../src/connection/send/prepared-message.ts'
import { addUnready, removeUnready } from '../../src/connection/unready.ts'
import type { CloseInfo } from '../../src/core/closing-handshake.ts'
import { WebSocket } from '../../src/session/websocket.ts'
import { FakeConnection } from './fake-connection.ts'
import { afterEachTest } from './unit.ts'

const peers: FakePeer[] = []
afterEachTest(() => {
  for (const peer of peers.splice(0)) removeUnready(peer.asConnection)
})

/** A session without a socket, whose peer reads when the test calls `drain`. */
export class FakePeer extends FakeConnection {
  readonly session: WebSocket
  #bufferedAmount = 0
  /** The decoded frames of every write, in order: text as a string, binary as bytes. */
  readonly received: (string | Buffer)[] = []
  /** Number of writes to the connection. */
  writeCount = 0

  constructor() {
    super()
    peers.push(this)
    this.session = new WebSocket(this.asConnection)
  }

  get bufferedAmount(): number {
    return this.#bufferedAmount
  }

  /** Sets the number of unsent bytes. */
  set bufferedAmount(bytes: number) {
    this.#bufferedAmount = bytes
    if (bytes > 0) addUnready(this.asConnection)
  }

  override close(code?: number, reason?: string): void {
    super.close(code, reason)
    addUnready(this.asConnection)
  }

  override end(info: Partial<CloseInfo> = {}): CloseInfo {
    removeUnready(this.asConnection)
    return super.end(info)
  }

  override send(data: Parameters<FakeConnection['send']>[0] | PreparedMessage): SendResult {
    if (!(data instanceof PreparedMessage)) {
      const result = super.send(data)
      if (result === 'closed') return result
      this.writeCount += 1
      this.received.push(typeof data === 'string' ? data : Buffer.from(data as Uint8Array))
      return result
    }
    if (this.state !== 'open') return 'closed'
    this.writeCount += 1
    this.received.push(...readFrames(data.frame))
    return this.hasRoom ? 'sent' : 'backpressure'
  }

  override drained(): Promise<void> {
    return this.bufferedAmount === 0 || this.state === 'closed' ? Promise.resolve() : this.nextRoom()
  }

  /** Makes the peer read everything. */
  drain(): void {
    this.bufferedAmount = 0
    this.giveRoom()
  }

  /** The received envelopes, parsed. */
  get envelopes(): { id?: string; data?: string; binary?: string; gap?: true }[] {
    return this.received.map((text) => JSON.parse(String(text)))
  }
}

/** Splits unmasked frames, without the code of the library. */
function readFrames(bytes: Buffer): (string | Buffer)[] {
  const messages: (string | Buffer)[] = []
  for (let at = 0; at < bytes.length; ) {
    const short = bytes[at + 1]
    const size = short < 126 ? 2 : short === 126 ? 4 : 10
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    const begin = at + size
    const payload = bytes.subarray(begin, begin + length)
    messages.push(bytes[at] === 0x81 ? payload.toString() : payload)
    at = begin + length
  }
  return messages
}
