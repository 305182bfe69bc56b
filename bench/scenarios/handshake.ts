import { connect, type Socket } from 'node:net'
import { Connector, type LoadConnection } from '../load/connection.ts'
import { checkHandshakeResponse, handshakeRequest, sourceAddressFor, withoutInterim } from '../load/handshake.ts'
import { Latencies } from '../load/latency.ts'
import type { LoadOrder, LoadResult, PreparedLoad } from '../load/workload.ts'
import { buildFrame, CLOSE, readFrame } from '../wire/frame.ts'

/** Limits the number of ports that a round leaves in TIME_WAIT. */
const MAX_HANDSHAKES = 6000
const TIMEOUT = 10_000
const CLOSE_1000 = buildFrame(CLOSE, Buffer.from([0x03, 0xe8]), { maskKey: Buffer.from([0x0a, 0x0b, 0x0c, 0x0d]) })
const readBuffer = Buffer.alloc(4096)

/**
 * Prepares a round that connects, upgrades, closes and disconnects repeatedly, with `connections` at a time. Over
 * HTTP/2 each of them is a stream, and a hundred streams share a connection.
 */
export async function prepareHandshake(order: LoadOrder): Promise<PreparedLoad> {
  if (order.warmupMs > 0) await runHandshakes(order, order.warmupMs, MAX_HANDSHAKES / 4)
  return { run: () => runHandshakes(order, order.durationMs, MAX_HANDSHAKES), finish: async () => {} }
}

/** Makes at least one handshake for each connection, however short the time or however busy the machine. */
async function runHandshakes(order: LoadOrder, ms: number, max: number): Promise<LoadResult> {
  const begin = performance.now()
  const latencies = new Latencies()
  const connector = new Connector(order.target)
  const handshake = new RepeatedHandshake(order)
  const isPlain = !order.target.tls && !order.target.http2
  const visit = isPlain ? () => new Visit(order, handshake).closed : () => visitOver(connector)
  let started = 0
  let done = 0
  const repeat = async (): Promise<void> => {
    do {
      started++
      const openedAt = performance.now()
      await visit()
      latencies.record(performance.now() - openedAt)
      done++
    } while (started < max && performance.now() - begin < ms)
  }
  await Promise.all(Array.from({ length: order.connections }, repeat))
  connector.finish()
  return { count: done, seconds: (performance.now() - begin) / 1000, latency: latencies.summary(), notes: [] }
}

/** The same request for all connections, so that the load generator is cheaper than the server. */
class RepeatedHandshake {
  readonly request: Buffer
  readonly #key: string
  /** A response that was checked. Equal ones need no check. */
  #checked = ''

  constructor(order: LoadOrder) {
    const { key, request } = handshakeRequest(order.target)
    this.#key = key
    this.request = Buffer.from(request)
  }

  check(responseHead: string): void {
    if (responseHead === this.#checked) return
    checkHandshakeResponse(responseHead, this.#key)
    this.#checked = responseHead
  }
}

/** Uses one connection over TLS, or one HTTP/2 stream, from its opening to its end. */
async function visitOver(connector: Connector): Promise<void> {
  const connection = await connector.open()
  let received: Buffer = Buffer.alloc(0)
  connection.onBytes = (bytes, start, end) => {
    received = Buffer.concat([received, bytes.subarray(start, end)])
  }
  connection.write(CLOSE_1000)
  await endOf(connection)
  if (readFrame(received, 0)?.opcode !== CLOSE) throw new Error('the server did not answer the Close frame')
}

function endOf(connection: LoadConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('a close took more than 10 s')), TIMEOUT)
    connection.onEnd = (error) => {
      clearTimeout(timer)
      if (error) reject(error)
      else resolve()
    }
  })
}

/** One TCP connection from connect to disconnect (RFC 6455 §4, §7). */
class Visit {
  /** Rejects when the server breaks the protocol, or after 10 s. */
  readonly closed: Promise<void>
  readonly #handshake: RepeatedHandshake
  readonly #isRaw: boolean
  #received = ''
  #isOpen = false

  constructor(order: LoadOrder, handshake: RepeatedHandshake) {
    this.#handshake = handshake
    this.#isRaw = order.dialect === 'raw'
    this.closed = new Promise((resolve, reject) => {
      const { host, port } = order.target
      const callback = (length: number): boolean => {
        try {
          this.#receive(socket, readBuffer.toString('latin1', 0, length))
        } catch (error) {
          fail(error as Error)
        }
        return true
      }
      const onread = { buffer: readBuffer, callback }
      const socket = connect({ host, port, localAddress: sourceAddressFor(host), onread })
      const fail = (error: Error): void => {
        reject(error)
        socket.destroy()
      }
      const timer = setTimeout(() => fail(new Error('a handshake and close took more than 10 s')), TIMEOUT)
      socket.setNoDelay(true)
      socket.on('connect', () => socket.write(handshake.request))
      socket.on('error', fail)
      socket.on('close', () => {
        clearTimeout(timer)
        if (this.#hasCloseFrame()) resolve()
        else reject(new Error('the server did not answer the Close frame'))
      })
    })
  }

  #receive(socket: Socket, text: string): void {
    this.#received = this.#isOpen ? this.#received + text : withoutInterim(this.#received + text)
    const headEnd = this.#isOpen ? -1 : this.#received.indexOf('\r\n\r\n')
    if (headEnd >= 0) {
      this.#handshake.check(this.#received.slice(0, headEnd))
      this.#received = this.#received.slice(headEnd + 4)
      this.#isOpen = true
      socket.write(CLOSE_1000)
    } else if (this.#isOpen && this.#isRaw) socket.end()
  }

  #hasCloseFrame(): boolean {
    return readFrame(Buffer.from(this.#received, 'latin1'), 0)?.opcode === CLOSE
  }
}
