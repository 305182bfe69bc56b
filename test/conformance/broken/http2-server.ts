import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { ACK, END_HEADERS, END_STREAM, FrameType, http2Frame, uint32 } from '../../support/raw-http2.ts'
import type { Defects } from './defects.ts'
import type { Field } from './http2-request-rules.ts'
import { Http2ServerStream, type StreamConnection } from './http2-stream.ts'
import type { EchoServer } from './server.ts'

const PADDED = 8
const PRIORITY = 32
const INITIAL_WINDOW = 4
const CONNECT_PROTOCOL = 8
const PREFACE_BYTES = 24

/** Starts the echo server over HTTP/2 without TLS, which is correct except for its defects. */
export async function startHttp2Server(defects: Defects): Promise<EchoServer> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    new Http2ServerConnection(socket, defects)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, close }
}

/** One connection. Splits its bytes into frames and passes them to its streams (RFC 9113). */
class Http2ServerConnection implements StreamConnection {
  sendWindow = 65_535
  initialWindow = 65_535
  readonly streams = new Map<number, Http2ServerStream>()
  readonly #socket: Socket
  readonly #defects: Defects
  #bytes = Buffer.alloc(0)
  #isBegun = false
  #block: { id: number; flags: number; parts: Buffer[] } | null = null

  constructor(socket: Socket, defects: Defects) {
    this.#socket = socket
    this.#defects = defects
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('close', () => {
      for (const stream of this.streams.values()) stream.destroy()
    })
    if (defects.has('h2-announces-2')) this.#announce(2)
    if (!defects.has('h2-accepts-unannounced')) this.#announce(1)
    else this.write(FrameType.SETTINGS, 0, 0)
  }

  write(type: number, flags: number, id: number, payload: Buffer = Buffer.alloc(0)): void {
    if (this.#socket.writable) this.#socket.write(http2Frame(type, flags, id, payload))
  }

  /** Returns the stream to which the replies of a stream are sent. */
  targetOf(stream: Http2ServerStream): Http2ServerStream {
    return this.#defects.has('h2-mixes-streams') ? ([...this.streams.values()].at(-1) ?? stream) : stream
  }

  flush(): void {
    for (const stream of this.streams.values()) stream.flush()
  }

  /** Ends the connection. */
  fail(): void {
    this.write(FrameType.GOAWAY, 0, 0, Buffer.concat([uint32(0), uint32(1)]))
    this.#socket.end()
  }

  #announce(value: number): void {
    this.write(FrameType.SETTINGS, 0, 0, Buffer.concat([Buffer.from([0, CONNECT_PROTOCOL]), uint32(value)]))
  }

  #read(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    if (!this.#isBegun) {
      if (this.#bytes.length < PREFACE_BYTES) return
      this.#isBegun = true
      this.#bytes = this.#bytes.subarray(PREFACE_BYTES)
    }
    for (;;) {
      const end = this.#bytes.length < 9 ? Number.POSITIVE_INFINITY : 9 + this.#bytes.readUIntBE(0, 3)
      if (end > this.#bytes.length) return
      const frame = this.#bytes.subarray(0, end)
      this.#bytes = this.#bytes.subarray(end)
      this.#onFrame(frame[3]!, frame[4]!, frame.readUInt32BE(5), frame.subarray(9))
    }
  }

  #onFrame(type: number, flags: number, id: number, payload: Buffer): void {
    const stream = this.streams.get(id)
    switch (type) {
      case FrameType.DATA:
        return this.#onData(stream, flags, payload)
      case FrameType.HEADERS:
        this.#block = { id, flags, parts: [this.#content(flags, payload)] }
        return this.#onBlockPart(flags)
      case FrameType.CONTINUATION:
        if (this.#defects.has('h2-knows-no-continuation')) return
        this.#block?.parts.push(payload)
        return this.#onBlockPart(flags)
      case FrameType.RST_STREAM:
        if (this.#defects.has('h2-fails-together')) return this.fail()
        return stream?.onReset()
      case FrameType.SETTINGS:
        return this.#onSettings(flags, payload)
      case FrameType.PING:
        if ((flags & ACK) === 0) this.write(FrameType.PING, ACK, 0, payload)
        return
      case FrameType.WINDOW_UPDATE:
        if (id === 0) this.sendWindow += payload.readUInt32BE(0)
        else if (stream !== undefined) stream.sendWindow += payload.readUInt32BE(0)
        return this.flush()
    }
  }

  #content(flags: number, payload: Buffer): Buffer {
    const isPadded = (flags & PADDED) !== 0 && !this.#defects.has('h2-ignores-padding')
    const hasPriority = (flags & PRIORITY) !== 0 && !this.#defects.has('h2-ignores-priority-flag')
    const start = (isPadded ? 1 : 0) + (hasPriority ? 5 : 0)
    return payload.subarray(start, payload.length - (isPadded ? payload[0]! : 0))
  }

  #onData(stream: Http2ServerStream | undefined, flags: number, payload: Buffer): void {
    const isCredited = payload.length > 0 && !this.#defects.has('h2-gives-no-credit')
    if (isCredited) this.write(FrameType.WINDOW_UPDATE, 0, 0, uint32(payload.length))
    if (stream === undefined) return
    if (isCredited) this.write(FrameType.WINDOW_UPDATE, 0, stream.id, uint32(payload.length))
    const isDropped = (flags & END_STREAM) !== 0 && this.#defects.has('h2-drops-last-data')
    if (!isDropped) stream.onData(this.#content(flags & PADDED, payload))
    if (flags & END_STREAM) stream.onEnd()
  }

  #onBlockPart(flags: number): void {
    if ((flags & END_HEADERS) === 0 || this.#block === null) return
    const { id, flags: first, parts } = this.#block
    this.#block = null
    const known = this.streams.get(id)
    if (known !== undefined) {
      if (!this.#defects.has('h2-ignores-trailers') && first & END_STREAM) known.onEnd()
      return
    }
    const fields = readFields(Buffer.concat(parts))
    if (fields === null) return this.write(FrameType.RST_STREAM, 0, id, uint32(1))
    if (this.#defects.has('h2-serves-eight') && this.streams.size >= 8) {
      return this.write(FrameType.RST_STREAM, 0, id, uint32(7))
    }
    if (this.#defects.has('h2-withdraws-setting')) this.#announce(0)
    if (this.#defects.has('h2-tunnels')) tunnel(fields)
    const stream = new Http2ServerStream(this, id, this.#defects)
    this.streams.set(id, stream)
    stream.onRequest(fields, (first & END_STREAM) !== 0)
  }

  #onSettings(flags: number, payload: Buffer): void {
    if (flags & ACK) return
    for (let at = 0; at < payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== INITIAL_WINDOW) continue
      const size = payload.readUInt32BE(at + 2)
      const isApplied = !this.#defects.has('h2-shrinks-no-window') || size > this.initialWindow
      if (isApplied) for (const stream of this.streams.values()) stream.sendWindow += size - this.initialWindow
      this.initialWindow = size
    }
    if (!this.#defects.has('h2-acknowledges-nothing')) this.write(FrameType.SETTINGS, ACK, 0)
    this.flush()
  }
}

/**
 * Decodes a header block of literals with new names, which is all that the tester writes. Returns null for anything
 * else.
 */
function readFields(block: Buffer): Field[] | null {
  const fields: Field[] = []
  let at = 0
  const readText = (): string | null => {
    const length = block[at++] ?? 255
    if (length >= 127 || at + length > block.length) return null
    at += length
    return block.toString('latin1', at - length, at)
  }
  while (at < block.length) {
    if (block[at++] !== 0) return null
    const name = readText()
    const value = readText()
    if (name === null || value === null) return null
    fields.push([name, value])
  }
  return fields
}

function tunnel(fields: readonly Field[]): void {
  const [host, port] = (fields.find(([name]) => name === ':authority')?.[1] ?? '').split(':')
  connect(Number(port), host).on('error', () => {})
}
