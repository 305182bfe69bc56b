import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { block } from '../../support/blocked-loop.ts'
import { pace } from '../unusual/pace.ts'
import type { Defects } from './defects.ts'
import { Deflate } from './deflate.ts'
import { type Head, Refusal, readHead } from './http-head.ts'
import { Peer } from './peer.ts'
import { answerRequest, formatRefusal } from './server-handshake.ts'

const NO_DEFECTS: Defects = new Set()

/** Time limit in milliseconds for a request head. A busy machine needs less. */
const HEAD_TIME = 120_000
/** Milliseconds for which input after a refusal is read and discarded. */
const LINGER = 30_000

/** Milliseconds for which a busy server blocks the event loop, and from one of these times to the next. */
const BUSY_TIME = 300
const BUSY_EVERY = 1_000

/** Maximum number of connections, for the quirks that limit them. */
const CONNECTION_LIMIT = 20
/** The same for the quirks that serve only a few. */
const FEW_CONNECTIONS = 3
/** Maximum number of requests within a second, for the quirk that limits their rate. */
const RATE_LIMIT = 30
/** Maximum number of connections without a response, for the quirk that limits them. */
const QUEUE_LIMIT = 45

const EARLY_HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n'

export interface EchoServerOptions {
  /** The port. Default 0: a free one. */
  port?: number
  defects?: Defects
  /** Maximum size in bytes of a message; default 16 MiB. */
  maxMessage?: number
  /** The supported subprotocols; default `chat`. */
  subprotocols?: readonly string[]
}

export interface EchoServer {
  url: string
  /** Ends every connection at once. */
  close(): Promise<void>
}

/** Starts the echo server on the loopback address, which is correct except for its defects. */
export async function startServer(options: EchoServerOptions = {}): Promise<EchoServer> {
  const house = new House(options)
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => house.receive(socket, server))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  // The tester in the same process is blocked as well.
  const busy = options.defects?.has('is-busy') ? setInterval(() => block(BUSY_TIME), BUSY_EVERY) : undefined
  const close = async (): Promise<void> => {
    clearInterval(busy)
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of house.sockets) socket.destroy()
    await closed
  }
  return { url: `ws://127.0.0.1:${port}/`, close }
}

/** What the connections of one server share. */
class House {
  readonly sockets = new Set<Socket>()
  readonly #connections = new Set<Connection>()
  readonly options: EchoServerOptions
  readonly #defects: Defects
  #abandonedCount = 0
  #last: Promise<void> = Promise.resolve()
  readonly #rate = new Rate()

  constructor(options: EchoServerOptions) {
    this.options = options
    this.#defects = options.defects ?? NO_DEFECTS
  }

  /** Reads a socket only when all earlier ones have closed. */
  #queueUp(socket: Socket): void {
    const before = this.#last
    this.#last = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.pause()
    void before.then(() => socket.resume())
  }

  get #messageLimit(): number {
    if (this.#defects.has('limits-messages-to-1k')) return 1024
    if (this.#defects.has('limits-messages-to-64k')) return 65_536
    const isLimited = this.#defects.has('limits-messages') || this.#defects.has('limits-messages-by-policy')
    return (isLimited ? 1 : 16) * 1024 * 1024
  }

  get #connectionLimit(): number {
    if (this.#defects.has('serves-three-connections')) return FEW_CONNECTIONS
    return this.#defects.has('limits-connections') ? CONNECTION_LIMIT : Number.POSITIVE_INFINITY
  }

  receive(socket: Socket, server: Server): void {
    const { subprotocols = ['chat'], maxMessage = this.#messageLimit } = this.options
    const waiting = [...this.#connections].filter(({ state }) => state === 'waiting')
    if (waiting.length >= QUEUE_LIMIT && this.#defects.has('resets-in-a-burst')) {
      socket.resetAndDestroy()
      return
    }
    pace(socket, this.#defects)
    const onFail = (): void => {
      if (this.#defects.has('fails-all-connections-together')) for (const other of this.sockets) other.end()
    }
    const onRefuse = (): void => {
      if (this.#defects.has('dies-of-a-bad-request')) server.close()
    }
    if (this.#defects.has('closes-fourth-connection') && this.sockets.size >= FEW_CONNECTIONS) {
      socket.destroy()
      return
    }
    const isFull = this.sockets.size >= this.#connectionLimit
    const settings = { subprotocols, maxMessage, defects: this.#defects, isFull, rate: this.#rate, onFail, onRefuse }
    const connection = new Connection(socket, settings)
    this.sockets.add(socket)
    this.#connections.add(connection)
    if (this.#defects.has('one-connection-at-a-time')) this.#queueUp(socket)
    socket.on('data', (chunk: Buffer) => connection.receive(chunk))
    socket.on('end', () => connection.receiveEnd())
    socket.on('drain', () => socket.resume())
    socket.on('error', () => {
      if (this.#defects.has('dies-of-a-reset')) server.close()
    })
    socket.on('close', () => {
      this.sockets.delete(socket)
      this.#connections.delete(connection)
      if (connection.state === 'upgraded') return
      this.#abandonedCount++
      if (this.#defects.has('counts-abandoned-for-ever') && this.#abandonedCount > 400) server.close()
    })
  }
}

interface ConnectionOptions {
  subprotocols: readonly string[]
  maxMessage: number
  defects: Defects
  /** Whether the maximum number of connections is open. */
  isFull: boolean
  rate: Rate
  onFail: () => void
  onRefuse: () => void
}

/** Counts the requests of the last second. */
class Rate {
  #times: number[] = []

  /** Returns whether one more request exceeds the limit. Otherwise it is counted. */
  isExceeded(): boolean {
    const now = performance.now()
    this.#times = this.#times.filter((time) => now - time < 1000)
    if (this.#times.length >= RATE_LIMIT) return true
    this.#times.push(now)
    return false
  }
}

/** One TCP connection: requests until one of them is an upgrade, then frames. */
class Connection {
  state: 'waiting' | 'refused' | 'upgraded' = 'waiting'
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  readonly #timer: NodeJS.Timeout
  #head: Buffer = Buffer.alloc(0)
  #peer: Peer | null = null
  #requestCount = 0
  #headPieces = 0

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket
    this.#options = options
    this.#timer = setTimeout(() => this.#refuse(new Refusal(408, 'no whole head in time')), HEAD_TIME)
    socket.once('close', () => clearTimeout(this.#timer))
  }

  receive(chunk: Buffer): void {
    if (this.#peer) this.#peer.receive(chunk)
    else if (this.state === 'waiting') this.#receiveHead(Buffer.concat([this.#head, chunk]))
    // A peer that does not read is not read from.
    if (this.#socket.writableNeedDrain && !this.#socket.writableEnded) this.#socket.pause()
  }

  receiveEnd(): void {
    if (this.#peer) this.#peer.receiveEnd()
    else if (this.#options.defects.has('keeps-half-requests')) return
    else if (this.#head.length > 0 && this.state === 'waiting') this.#refuse(new Refusal(400, 'half a head'))
    else this.#socket.end()
  }

  #receiveHead(bytes: Buffer): void {
    this.#head = bytes
    try {
      if (this.#options.defects.has('limits-head-pieces') && ++this.#headPieces > 64) {
        throw new Refusal(408, 'the head arrives too slowly')
      }
      const head = readHead(bytes, this.#options.defects)
      if (!head) return
      this.#head = bytes.subarray(head.size)
      this.#upgrade(head)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      this.#refuse(error)
      if (error.persistent && this.#head.length > 0) this.#receiveHead(this.#head)
      return
    }
    if (this.#head.length > 0) this.#peer!.receive(this.#head)
  }

  #upgrade(head: Head): void {
    const { subprotocols, maxMessage, defects, isFull, rate, onFail } = this.#options
    if (isFull) throw new Refusal(503, 'too many connections')
    if (defects.has('limits-rate') && rate.isExceeded()) throw new Refusal(429, 'too fast', ['Retry-After: 1'])
    if (this.#requestCount++ > 0 && defects.has('serves-one-request-only')) throw new Refusal(503, 'a second request')
    const { response, deflate } = answerRequest(head, subprotocols, defects)
    clearTimeout(this.#timer)
    this.state = 'upgraded'
    const codec = deflate && new Deflate(deflate, 'server', defects)
    this.#peer = new Peer(this.#socket, { role: 'server', deflate: codec, maxMessage, defects, onFail })
    const hints = defects.has('sends-early-hints') ? EARLY_HINTS : ''
    this.#socket.write(hints + response, 'latin1')
    if (defects.has('reads-early-bytes-as-request') && this.#head.length > 0) {
      throw new Refusal(400, 'bytes before the 101')
    }
    if (defects.has('101-with-ping')) this.#peer.ping()
    if (defects.has('greets')) this.#peer.greet()
  }

  #refuse(refusal: Refusal): void {
    this.#socket.write(formatRefusal(refusal, this.#options.defects), 'latin1')
    if (refusal.persistent) return
    clearTimeout(this.#timer)
    this.state = 'refused'
    this.#options.onRefuse()
    // The time begins with the last byte, because a paced socket writes its refusal byte by byte.
    this.#socket.once('finish', () => setTimeout(() => this.#socket.destroy(), LINGER).unref())
    this.#socket.end()
  }
}
