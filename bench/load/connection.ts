import { randomBytes } from 'node:crypto'
import { connect as connectTcp, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { buildFrame, CLOSE } from '../wire/frame.ts'
import { checkHandshakeResponse, handshakeRequest, sourceAddressFor, withoutInterim } from './handshake.ts'
import { StreamOpener } from './streams.ts'
import type { Target } from './workload.ts'

export interface ConnectOptions {
  /** The value of Sec-WebSocket-Extensions; default: none is offered. */
  extensions?: string
}

/** Receives the bytes from `start` to `end`. They are overwritten after the function has returned. */
export type BytesHandler = (bytes: Buffer, start: number, end: number) => void

const HANDSHAKE_TIMEOUT = 10_000

/**
 * The read buffer of all connections of this process. Every handler returns before the next read, and a load generator
 * that allocates nothing per read costs less than the server that it measures.
 */
const readBuffer = Buffer.alloc(256 * 1024)

/** The client side of one connection: bytes in, bytes out, and the opening handshake (RFC 6455 §4.1). */
export class LoadConnection {
  readonly socket: Duplex
  /** The extensions that the server accepted; `''` when there are none. */
  extensions = ''
  /** Called once when the connection ends, with the error if there was one. */
  onEnd: (error?: Error) => void = () => {}
  #ended = false
  #handler: BytesHandler | undefined
  /** Bytes that arrived while there was no handler. */
  #early: Buffer[] = []

  /** @param open Opens the socket, and passes received bytes to `onRead`. */
  constructor(open: (onRead: (bytes: Buffer, end: number) => void) => Duplex) {
    this.socket = open((bytes, end) => this.#receive(bytes, 0, end))
    this.socket.on('error', (error) => this.#end(error))
    this.socket.on('close', () => this.#end())
  }

  /** Receives bytes, including those that arrived before it was set. */
  set onBytes(handler: BytesHandler | undefined) {
    this.#handler = handler
    const early = handler ? this.#early.splice(0) : []
    for (const bytes of early) this.#receive(bytes, 0, bytes.length)
  }

  write(bytes: Uint8Array): boolean {
    return this.socket.write(bytes)
  }

  /** Puts back bytes that belong to the next handler. */
  unread(bytes: Buffer): void {
    if (bytes.length > 0) this.#early.push(bytes)
  }

  /** Starts the closing handshake and resolves when the connection is closed (RFC 6455 §7). */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ended) return resolve()
      const timer = setTimeout(() => this.socket.destroy(), 1000)
      this.onBytes = () => {}
      this.onEnd = () => {
        clearTimeout(timer)
        resolve()
      }
      this.socket.end(buildFrame(CLOSE, Buffer.from([0x03, 0xe8]), { maskKey: randomBytes(4) }))
    })
  }

  #receive(bytes: Buffer, start: number, end: number): void {
    if (this.#handler) this.#handler(bytes, start, end)
    else this.#early.push(Buffer.from(bytes.subarray(start, end)))
  }

  #end(error?: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.onEnd(error)
  }
}

function openSocket(target: Target, onRead: (bytes: Buffer, end: number) => void): Socket {
  const { host, port, tls } = target
  const localAddress = sourceAddressFor(host)
  if (tls) {
    const socket = connectTls({ host, port, localAddress, rejectUnauthorized: false } as object)
    return socket.setNoDelay(true).on('data', (chunk: Buffer) => onRead(chunk, chunk.length))
  }
  const callback = (end: number): boolean => {
    onRead(readBuffer, end)
    return true
  }
  return connectTcp({ host, port, localAddress, onread: { buffer: readBuffer, callback } }).setNoDelay(true)
}

/** Opens connections to one target. With HTTP/2 these are streams that share connections. */
export class Connector {
  readonly #target: Target
  readonly #streams: StreamOpener | undefined

  constructor(target: Target) {
    this.#target = target
    this.#streams = target.http2 ? new StreamOpener(target) : undefined
  }

  /** Opens a connection and resolves after the opening handshake (RFC 6455 §4.1, RFC 8441 §5). */
  async open(options: ConnectOptions = {}): Promise<LoadConnection> {
    if (this.#streams === undefined) return upgrade(this.#target, options)
    const { stream, extensions } = await this.#streams.open(options.extensions)
    const connection = new LoadConnection((onRead) => stream.on('data', (chunk) => onRead(chunk, chunk.length)))
    connection.extensions = extensions
    return connection
  }

  /** Called when no further connection is opened. */
  finish(): void {
    this.#streams?.finish()
  }
}

/** Opens a single connection and resolves after the opening handshake. */
export async function openConnection(target: Target, options: ConnectOptions = {}): Promise<LoadConnection> {
  const [connection] = await openConnections(target, 1, options)
  return connection
}

/** Opens an HTTP/1.1 connection (RFC 6455 §4.1). */
function upgrade(target: Target, options: ConnectOptions): Promise<LoadConnection> {
  return new Promise((resolve, reject) => {
    const connection = new LoadConnection((onRead) => openSocket(target, onRead))
    const { key, request } = handshakeRequest(target, options.extensions)
    const fail = (error: Error): void => {
      clearTimeout(timer)
      connection.socket.destroy()
      reject(error)
    }
    const timer = setTimeout(() => fail(new Error('no handshake response within 10 s')), HANDSHAKE_TIMEOUT)
    let head = ''
    connection.onEnd = (error) => fail(error ?? new Error('the connection ended during the handshake'))
    connection.onBytes = (bytes, start, end) => {
      head = withoutInterim(head + bytes.toString('latin1', start, end))
      const headEnd = head.indexOf('\r\n\r\n')
      if (headEnd < 0) return
      clearTimeout(timer)
      try {
        connection.extensions = checkHandshakeResponse(head.slice(0, headEnd), key)
      } catch (error) {
        return fail(error as Error)
      }
      connection.onBytes = undefined
      connection.onEnd = () => {}
      connection.unread(Buffer.from(head.slice(headEnd + 4), 'latin1'))
      resolve(connection)
    }
    connection.write(Buffer.from(request))
  })
}

/** Opens `count` connections, at most `concurrency` at a time. Closes all of them when one fails. */
export async function openConnections(
  target: Target,
  count: number,
  options: ConnectOptions = {},
  concurrency = 64,
): Promise<LoadConnection[]> {
  const opened: LoadConnection[] = []
  const connector = new Connector(target)
  let started = 0
  const open = async (): Promise<void> => {
    while (started < count) {
      started++
      opened.push(await connector.open(options))
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(concurrency, count) }, open))
  } catch (error) {
    started = count
    for (const connection of opened) connection.socket.destroy()
    throw error
  } finally {
    connector.finish()
  }
  return opened
}
