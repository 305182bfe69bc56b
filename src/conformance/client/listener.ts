import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { resetTcp, type Transport } from '../peer/index.ts'
import { Arrivals, findHeadEnd } from '../wire/index.ts'
import { type ClientRequest, parseRequest } from './request.ts'

/** A client that has connected and sent its request, without a response so far. */
export interface Arrival {
  transport: Transport
  request: ClientRequest
}

/** Connections that wait until their case uses them. */
export class ArrivalQueue {
  readonly #waiting: Arrival[] = []
  readonly #arrivals = new Arrivals()

  push(arrival: Arrival): void {
    this.#waiting.push(arrival)
    this.#arrivals.notify()
  }

  /** Removes and returns all connections. */
  takeAll(): Arrival[] {
    return this.#waiting.splice(0)
  }

  /** Waits for the next connection. Resolves to null on a timeout, or when `end` has resolved. */
  next(timeout: number, end: Promise<unknown>, onTimeout: () => void): Promise<Arrival | null> {
    let isOver = false
    void end.then(() => {
      isOver = true
      this.#arrivals.notify()
    })
    return this.#arrivals.wait(timeout, () => this.#waiting.shift() ?? (isOver ? null : undefined), { onTimeout })
  }
}

/** The largest request head, in bytes. */
const HEAD_LIMIT = 64 * 1024

export interface ListenOptions {
  /** The port; 0 selects a free one. */
  port: number
  host: string
  onArrival(arrival: Arrival): void
  /** Certificate and key. With these the listener uses TLS. */
  tls?: { cert: string; key: string }
  /** Called for each TCP connection, before bytes are read. */
  onConnection?: () => void
}

/** Accepts clients on a port. It does not use node:http, which hides malformed requests. */
export class Listener {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(options: ListenOptions) {
    const onSocket = (socket: Socket | TLSSocket): void => {
      this.#track(socket)
      readHead(socket, options.onArrival)
    }
    if (options.tls === undefined) this.#server = createServer({ allowHalfOpen: true, noDelay: true }, onSocket)
    else {
      this.#server = createTlsServer({ ...options.tls, allowHalfOpen: true }, onSocket)
      this.#server.on('tlsClientError', () => {})
    }
    this.#server.on('connection', (socket: Socket) => {
      this.#track(socket)
      options.onConnection?.()
    })
  }

  /** Listens. Rejects when the port is not available. */
  static open(options: ListenOptions): Promise<Listener> {
    const listener = new Listener(options)
    return new Promise((resolve, reject) => {
      listener.#server.once('error', reject)
      listener.#server.listen(options.port, options.host, () => resolve(listener))
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Closes the listener and its connections. */
  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => this.#sockets.delete(socket))
  }
}

/** Reads a complete head. The bytes after it remain in the socket. */
function readHead(socket: Socket, onArrival: (arrival: Arrival) => void): void {
  let bytes = Buffer.alloc(0)
  const onData = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk])
    const end = findHeadEnd(bytes)
    if (end === -1) {
      if (bytes.length > HEAD_LIMIT) socket.destroy()
      return
    }
    socket.off('data', onData)
    socket.off('end', onEnd)
    socket.pause()
    if (end < bytes.length) socket.unshift(bytes.subarray(end))
    const reset = (): void => resetTcp(socket)
    onArrival({ transport: { stream: socket, reset }, request: parseRequest(bytes.subarray(0, end)) })
  }
  const onEnd = (): void => void socket.destroy()
  socket.on('data', onData)
  socket.on('end', onEnd)
}
