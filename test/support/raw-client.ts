import { connect, type Socket } from 'node:net'
import { afterEachTest } from './unit.ts'
import { closeFrame, frame } from './wire.ts'

/** A frame from a server, parsed by the slow test code. */
export interface ReceivedFrame {
  first: number
  opcode: number
  payload: Buffer
}

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

/** Returns a valid upgrade request, with `extra` lines. */
export function upgradeRequest(path = '/', extra: string[] = []): string {
  const lines = [`GET ${path} HTTP/1.1`, 'Host: localhost', 'Upgrade: websocket', 'Connection: Upgrade']
  return [...lines, `Sec-WebSocket-Key: ${KEY}`, 'Sec-WebSocket-Version: 13', ...extra, '', ''].join('\r\n')
}

const openSockets = new Set<Socket>()
afterEachTest(() => {
  for (const socket of openSockets) socket.destroy()
})

/**
 * A WebSocket client without a library: the test writes every byte that it sends, and everything that it receives is
 * stored.
 */
export class RawClient {
  readonly socket: Socket
  /** The head of the HTTP response. */
  head = ''
  readonly frames: ReceivedFrame[] = []
  ended = false
  closed = false
  #roundTrips = 0
  #bytes = Buffer.alloc(0)
  #waiting: { until: () => boolean; resolve: () => void }[] = []

  constructor(socket: Socket) {
    this.socket = socket
    openSockets.add(socket)
    socket.on('close', () => openSockets.delete(socket))
    socket.on('data', (chunk) => this.#take(chunk))
    socket.on('end', () => this.#change(() => (this.ended = true)))
    socket.on('error', () => {})
    socket.on('close', () => this.#change(() => (this.closed = true)))
  }

  /**
   * Connects, and sends the upgrade request with `behind` in the same segment. Resolves when the head of the response
   * has arrived.
   */
  static async open(
    port: number | string,
    { path = '/', headers = [] as string[], behind = Buffer.alloc(0) as Buffer } = {},
  ): Promise<RawClient> {
    const client = RawClient.connect(port)
    client.socket.write(Buffer.concat([Buffer.from(upgradeRequest(path, headers)), behind]))
    await client.until(() => client.head !== '' || client.closed)
    return client
  }

  static connect(port: number | string): RawClient {
    return new RawClient(typeof port === 'string' ? connect(port) : connect({ port, host: '127.0.0.1', noDelay: true }))
  }

  /** Resolves when `condition` is true, which is checked after each event. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ until: condition, resolve }))
  }

  send(...frames: Buffer[]): void {
    this.socket.write(Buffer.concat(frames))
  }

  sendText(text: string): void {
    this.send(frame(1, text))
  }

  /** Waits for `count` frames in all. */
  async receive(count: number): Promise<ReceivedFrame[]> {
    await this.until(() => this.frames.length >= count || this.closed)
    return this.frames.slice(0, count)
  }

  /** Sends a ping and waits for its pong. The server has then handled all earlier input. */
  async roundTrip(): Promise<void> {
    const payload = `round trip ${++this.#roundTrips}`
    const isAnswer = ({ opcode, payload: own }: ReceivedFrame): boolean => opcode === 10 && own.toString() === payload
    this.send(frame(9, payload))
    await this.until(() => this.closed || this.ended || this.frames.some(isAnswer))
  }

  /** The texts of the data frames so far. */
  get texts(): string[] {
    return this.frames.filter(({ opcode }) => opcode < 8).map(({ payload }) => payload.toString())
  }

  /** The code of the received Close frame; 1005 when it was empty, null when there was none. */
  get closeCode(): number | null {
    const found = this.frames.find(({ opcode }) => opcode === 8)
    if (found === undefined) return null
    return found.payload.length === 0 ? 1005 : found.payload.readUInt16BE(0)
  }

  async close(code = 1000): Promise<void> {
    this.send(closeFrame(code))
    await this.until(() => this.ended || this.closed)
    this.socket.destroy()
  }

  #change(apply: () => void): void {
    apply()
    const ready = this.#waiting.filter(({ until }) => until())
    this.#waiting = this.#waiting.filter((each) => !ready.includes(each))
    for (const { resolve } of ready) resolve()
  }

  #take(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    this.#change(() => {
      if (this.head === '') this.#takeHead()
      if (this.head.startsWith('HTTP/1.1 101')) this.#takeFrames()
    })
  }

  #takeHead(): void {
    const end = this.#bytes.indexOf('\r\n\r\n')
    if (end === -1) return
    this.head = this.#bytes.toString('latin1', 0, end + 4)
    this.#bytes = this.#bytes.subarray(end + 4)
  }

  /** What followed the head of a response other than 101. */
  get body(): string {
    return this.#bytes.toString()
  }

  #takeFrames(): void {
    for (;;) {
      const bytes = this.#bytes
      if (bytes.length < 2) return
      let length = bytes[1] & 0x7f
      let at = 2
      if (length === 126) {
        if (bytes.length < 4) return
        length = bytes.readUInt16BE(2)
        at = 4
      } else if (length === 127) {
        if (bytes.length < 10) return
        length = Number(bytes.readBigUInt64BE(2))
        at = 10
      }
      if (bytes.length < at + length) return
      this.frames.push({ first: bytes[0], opcode: bytes[0] & 15, payload: bytes.subarray(at, at + length) })
      this.#bytes = bytes.subarray(at + length)
    }
  }
}

/**
 * Resolves when a server has had many turns of its event loop to read what others have sent: after round trips on a new
 * connection.
 */
export async function settle(port: number | string, count = 20): Promise<void> {
  const client = await RawClient.open(port)
  for (let i = 0; i < count; i++) await client.roundTrip()
  await client.close()
}
