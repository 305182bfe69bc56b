import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { END_HEADERS, END_STREAM, FrameType, headerBlock, uint32 } from '../../support/raw-http2.ts'
import type { Defects } from './defects.ts'
import { Deflate } from './deflate.ts'
import type { Agreement } from './extension.ts'
import { acceptOffer, parseExtensions } from './extension.ts'
import { type Field, firstOf, isMalformed } from './http2-request-rules.ts'
import { Peer } from './peer.ts'

const MAX_FRAME = 16_384
const PROTOCOL_ERROR = 1
const INTERNAL_ERROR = 2
const CANCEL = 8

/** What a stream needs of its connection. */
export interface StreamConnection {
  sendWindow: number
  initialWindow: number
  readonly streams: Map<number, Http2ServerStream>
  write(type: number, flags: number, id: number, payload?: Buffer): void
  targetOf(stream: Http2ServerStream): Http2ServerStream
  flush(): void
  fail(): void
}

/** One stream: a request, then a WebSocket, for which the stream acts as a socket (RFC 8441 §5). */
export class Http2ServerStream extends Duplex {
  readonly id: number
  sendWindow: number
  readonly #connection: StreamConnection
  readonly #defects: Defects
  #peer: Peer | null = null
  #isEndReceived = false
  #output = Buffer.alloc(0)
  #done: (() => void) | null = null

  constructor(connection: StreamConnection, id: number, defects: Defects) {
    super({ allowHalfOpen: true })
    this.id = id
    this.sendWindow = connection.initialWindow
    this.#connection = connection
    this.#defects = defects
    this.on('error', () => {})
  }

  onRequest(fields: readonly Field[], isEnd: boolean): void {
    if (isMalformed(fields, this.#defects)) {
      if (this.#defects.has('h2-fails-the-connection')) return this.#connection.fail()
      return this.#reset(PROTOCOL_ERROR)
    }
    const isConnect = firstOf(fields, ':method') === 'CONNECT' || firstOf(fields, ':protocol') !== undefined
    const isWebSocket = isConnect || this.#defects.has('h2-misses-nothing')
    if (!isWebSocket) return this.#defects.has('h2-ignores-get') ? undefined : this.#answer([[':status', '404']], true)
    const version = firstOf(fields, 'sec-websocket-version') ?? firstOf(fields, 'Sec-WebSocket-Version')
    const isRefused =
      isEnd ||
      (version !== '13' && !this.#defects.has('h2-knows-every-version')) ||
      (this.#defects.has('h2-checks-key') && firstOf(fields, 'sec-websocket-key') === 'x') ||
      (this.#defects.has('h2-refuses-cookies') && firstOf(fields, 'cookie') !== undefined)
    if (this.#defects.has('refuses-origins') && firstOf(fields, 'origin') !== undefined) {
      this.#answer([[':status', '403']], true)
    } else if (isRefused) {
      this.#answer(
        [
          [':status', '400'],
          ['sec-websocket-version', '13'],
        ],
        true,
      )
    } else this.#open(fields)
  }

  onData(data: Buffer): void {
    if (this.#isEndReceived && !this.#defects.has('h2-reads-after-end')) return this.#reset(5)
    if (data.length === 0 && this.#defects.has('h2-ends-at-empty-data')) return this.onEnd()
    if (this.#defects.has('h2-wants-whole-frames') && data.length < 2 + (data[1]! & 127)) return
    this.#peer?.receive(this.#defects.has('h2-reads-20-bytes') ? data.subarray(0, 20) : data)
  }

  onEnd(): void {
    if (this.#defects.has('h2-ignores-end-stream')) return
    this.#isEndReceived = true
    if (!this.#defects.has('h2-reads-after-end')) this.#peer?.receiveEnd()
  }

  onReset(): void {
    this.#connection.streams.delete(this.id)
    this.destroy()
  }

  flush(): void {
    const isFree = this.#defects.has('h2-ignores-windows')
    while (this.#output.length > 0) {
      const window = isFree ? MAX_FRAME : Math.min(this.sendWindow, this.#connection.sendWindow)
      const size = Math.min(this.#output.length, window, MAX_FRAME)
      if (size <= 0) return
      this.sendWindow -= size
      this.#connection.sendWindow -= size
      const { id } = this.#connection.targetOf(this)
      this.#connection.write(FrameType.DATA, 0, id, this.#output.subarray(0, size))
      this.#output = this.#output.subarray(size)
    }
    const done = this.#done
    this.#done = null
    done?.()
  }

  /** Resets the stream. The peer calls this like the method of a socket. */
  resetAndDestroy(): void {
    this.#reset(CANCEL)
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    this.#output = Buffer.concat([this.#output, bytes])
    this.#done = done
    this.flush()
  }

  override _final(done: () => void): void {
    if (this.#defects.has('h2-resets-instead-of-ending')) this.#reset(INTERNAL_ERROR)
    else this.#connection.write(FrameType.DATA, END_STREAM, this.id)
    if (this.#isEndReceived) this.#connection.streams.delete(this.id)
    done()
  }

  #open(fields: readonly Field[]): void {
    const answer: Field[] = [[':status', '200']]
    const deflate = this.#agree(fields, answer)
    if (this.#defects.has('h2-answers-101')) this.#answer([[':status', '101']])
    if (this.#defects.has('h2-sends-accept')) answer.push(['sec-websocket-accept', 'x'])
    if (this.#defects.has('h2-upper-case-names')) answer.push(['Server', 'x'])
    if (this.#defects.has('h2-sends-upgrade')) answer.push(['upgrade', 'websocket'])
    this.#answer(answer, this.#defects.has('h2-ends-its-answer'))
    const codec = deflate && new Deflate(deflate, 'server', this.#defects)
    const onFail = (): void => {
      if (this.#defects.has('h2-fails-together')) this.#connection.fail()
    }
    const maxMessage = 16 * 1024 * 1024
    // The peer uses only those members of the socket that every stream has.
    this.#peer = new Peer(this as unknown as Socket, {
      role: 'server',
      deflate: codec,
      maxMessage,
      defects: this.#defects,
      onFail,
    })
  }

  /** Negotiates subprotocol and extensions, and adds the agreement to the response. */
  #agree(fields: readonly Field[], answer: Field[]): Agreement | null {
    const asked = (firstOf(fields, 'sec-websocket-protocol') ?? '').split(', ')
    const chosen = this.#defects.has('h2-agrees-to-first') ? asked[0] : asked.find((name) => name === 'chat')
    if (chosen) answer.push(['sec-websocket-protocol', chosen])
    const offers = fields.filter(([name]) => name === 'sec-websocket-extensions').map(([, value]) => value)
    const accepted = acceptOffer(parseExtensions(offers, this.#defects), this.#defects)
    if (!accepted) return null
    answer.push(['sec-websocket-extensions', accepted[1]])
    return this.#defects.has('h2-inflates-nothing') ? null : accepted[0]
  }

  #answer(fields: readonly Field[], isEnd = false): void {
    this.#connection.write(FrameType.HEADERS, END_HEADERS | (isEnd ? END_STREAM : 0), this.id, headerBlock(fields))
  }

  #reset(code: number): void {
    this.#connection.write(FrameType.RST_STREAM, 0, this.id, uint32(code))
    this.onReset()
  }
}
