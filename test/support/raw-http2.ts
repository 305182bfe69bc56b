import { connect, type Socket } from 'node:net'
import { until } from './tick.ts'
import type { TestContext } from './unit.ts'

/* HTTP/2 without a library, for clients that do what Node's client does not (RFC 9113 §4, RFC 7541). */

export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
}
export const END_STREAM = 1
export const ACK = 1
export const END_HEADERS = 4

export interface Http2Frame {
  type: number
  flags: number
  stream: number
  payload: Buffer
}

/** Encodes one frame (RFC 9113 §4.1). */
export function http2Frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Encodes a header block without compression: every field is a literal with a new name (RFC 7541 §6.2.2). */
export function headerBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const text = (value: string): Buffer => {
    if (value.length < 127) return Buffer.concat([Buffer.from([value.length]), Buffer.from(value)])
    const bytes = [127]
    let rest = value.length - 127
    for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128)
    return Buffer.concat([Buffer.from([...bytes, rest]), Buffer.from(value)])
  }
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]))
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A client without TLS. The test decides what it sends. */
export class RawHttp2 {
  readonly socket: Socket
  readonly frames: Http2Frame[] = []
  isClosed = false
  #rest = Buffer.alloc(0)

  constructor(t: TestContext, port: number) {
    this.socket = connect(port, '127.0.0.1')
    t.after(() => this.socket.destroy())
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.isClosed = true
    })
    this.socket.on('data', (chunk: Buffer) => this.#read(chunk))
    this.send(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), http2Frame(FrameType.SETTINGS, 0, 0))
  }

  send(...frames: Uint8Array[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(frames))
  }

  /** Returns the received frames of a type. */
  of(type: number): Http2Frame[] {
    return this.frames.filter((frame) => frame.type === type)
  }

  /** Resolves to the error code of GOAWAY, or to `null` when the connection closes without one. */
  async goaway(): Promise<number | null> {
    await until(() => this.isClosed || this.of(FrameType.GOAWAY).length > 0)
    return this.of(FrameType.GOAWAY)[0]?.payload.readUInt32BE(4) ?? null
  }

  #read(chunk: Buffer): void {
    let rest = Buffer.concat([this.#rest, chunk])
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3)
      this.frames.push({ type: rest[3], flags: rest[4], stream: rest.readUInt32BE(5), payload: rest.subarray(9, end) })
      rest = rest.subarray(end)
    }
    this.#rest = rest
  }
}
