import { Duplex } from 'node:stream'
import { acceptOf, findHeadEnd, type Http2Field, parseHead } from '../wire/index.ts'
import type { Http2Connection } from './http2-connection.ts'
import type { Http2Response, Http2Stream } from './http2-stream.ts'

/** Fields of HTTP/1.1 that an extended CONNECT does not use (RFC 8441 §5). */
const DROPPED: ReadonlySet<string> = new Set(['host', 'upgrade', 'connection', 'sec-websocket-key'])

/**
 * An HTTP/2 stream that looks like an HTTP/1.1 connection, so that every case runs on it. It turns the upgrade request
 * that is written into an extended CONNECT, and a 200 response into a 101 with the right Sec-WebSocket-Accept.
 */
export class Http2Tunnel extends Duplex {
  readonly #connection: Http2Connection
  readonly #scheme: string
  #head = Buffer.alloc(0)
  #stream: Http2Stream | null = null

  constructor(connection: Http2Connection, scheme: string) {
    super({ allowHalfOpen: true })
    this.#connection = connection
    this.#scheme = scheme
  }

  /** Whether the target has reset the stream. */
  get isReset(): boolean {
    return this.#stream !== null && this.#stream.resetCode !== null && !this.#stream.isEnded
  }

  /** Resets the stream, which represents a reset of TCP. */
  reset(): void {
    this.#stream?.reset()
    this.destroy()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#stream !== null) return void this.#stream.write(chunk, done)
    this.#head = Buffer.concat([this.#head, chunk])
    const end = findHeadEnd(this.#head)
    if (end === -1) return done()
    const stream = this.#request(this.#head.subarray(0, end))
    const rest = this.#head.subarray(end)
    if (rest.length === 0) done()
    else stream.write(rest, done)
  }

  override _final(done: () => void): void {
    this.#stream?.end()
    done()
  }

  override _read(): void {
    this.#stream?.resume()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stream?.destroy()
    done(error)
  }

  #request(head: Buffer): Http2Stream {
    const { startLine, fields } = parseHead(head)
    const named = fields.map(([name, value]): Http2Field => [name.toLowerCase(), value])
    const fieldOf = (wanted: string): string => named.find(([name]) => name === wanted)?.[1] ?? ''
    const stream = this.#connection.request([
      [':method', 'CONNECT'],
      [':protocol', 'websocket'],
      [':scheme', this.#scheme],
      [':authority', fieldOf('host')],
      [':path', startLine.split(' ')[1]],
      ...named.filter(([name]) => !DROPPED.has(name)),
    ])
    this.#stream = stream
    void this.#answer(stream, fieldOf('sec-websocket-key'))
    return stream
  }

  async #answer(stream: Http2Stream, key: string): Promise<void> {
    stream.on('error', (error) => this.destroy(error))
    stream.on('close', () => {
      if (!stream.isEnded) this.destroy()
    })
    await this.#connection.until(() => stream.isSettled)
    if (stream.response !== null) this.push(answerText(stream.response, key))
    stream.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stream.pause()
    })
    stream.on('end', () => this.push(null))
  }
}

/** Formats a response head in HTTP/1.1. */
function answerText({ status, fields }: Http2Response, key: string): Buffer {
  const upgrade = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n`
  const lines = fields.filter(([name]) => !name.startsWith(':')).map((field) => `${field.join(': ')}\r\n`)
  const start = status === 200 ? `HTTP/1.1 101 Switching Protocols\r\n${upgrade}` : `HTTP/1.1 ${status} \r\n`
  return Buffer.from(`${start}${lines.join('')}\r\n`, 'latin1')
}
