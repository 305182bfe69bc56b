import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type ClientRequest, checkAnswer, formatRequest, parseUri } from './client-handshake.ts'
import type { Defects } from './defects.ts'
import { Deflate } from './deflate.ts'
import type { Agreement } from './extension.ts'
import { TEXT } from './frame.ts'
import { type Head, Refusal, readHead, valuesOf } from './http-head.ts'
import { Peer } from './peer.ts'

/** Time limit in milliseconds for the response to the opening request. It only stops hangs. */
const ANSWER_TIME = 60_000
/** The number of redirects that are followed. */
const REDIRECTS = 20

/** An event on a connection, as a driver reports it to the tester. */
export type ClientEvent =
  | { event: 'open' }
  | { event: 'message'; type: 'text' | 'binary'; size: number }
  | { event: 'error'; message: string }
  | { event: 'close'; code: number; reason: string }

export interface EchoClientOptions {
  defects?: Defects
  /** The offer of permessage-deflate; null offers none. Default: with `client_max_window_bits`. */
  offer?: string | null
  /** Maximum size in bytes of a message; default 16 MiB. */
  maxMessage?: number
  onEvent?: (event: ClientEvent) => void
  /** Called when the connection is open, with a function that starts the closing handshake. */
  onOpen?: (close: (code: number) => void) => void
  /** Ends the connection at once. */
  signal?: AbortSignal
  /** Called with each message instead of echoing it. */
  onMessage?: (payload: Buffer) => void
}

/** Connects and echoes. Resolves when the connection has ended in any way. */
export async function runClient(uri: string, options: EchoClientOptions = {}): Promise<void> {
  const defects: Defects = options.defects ?? new Set()
  let url: URL
  try {
    url = parseUri(uri, defects)
  } catch (error) {
    options.onEvent?.({ event: 'error', message: (error as Error).message })
    return
  }
  const offer = options.offer === undefined ? 'permessage-deflate; client_max_window_bits' : options.offer
  const request = formatRequest(url, offer, defects)
  let answer = await connectOnce(url, request, options)
  if (answer?.startLine.startsWith('HTTP/1.1 401') && defects.has('repeats-after-401'))
    await connectOnce(url, request, options)
  for (let left = REDIRECTS; left > 0 && answer !== null && defects.has('follows-redirects'); left--) {
    const [location] = /^HTTP\/1\.1 30/.test(answer.startLine) ? valuesOf(answer, 'location') : []
    if (location === undefined) return
    const target = new URL(location, url)
    answer = await connectOnce(target, formatRequest(target, offer, defects), options)
  }
}

/** Resolves at the end of the connection to the answer that was not accepted. */
function connectOnce(url: URL, request: ClientRequest, options: EchoClientOptions): Promise<Head | null> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const socket =
    url.protocol === 'wss:'
      ? connectTls({ host, port: Number(url.port || 443), servername: host })
      : connectTcp({ host, port: Number(url.port || 80), allowHalfOpen: true, noDelay: true })
  const abort = (): void => void socket.destroy()
  options.signal?.addEventListener('abort', abort)
  return new Promise((resolve) => {
    const connection = new ClientConnection(socket, request, options)
    socket.once(url.protocol === 'wss:' ? 'secureConnect' : 'connect', () => connection.begin())
    socket.on('data', (chunk: Buffer) => connection.receive(chunk))
    socket.on('end', () => connection.receiveEnd())
    socket.on('drain', () => socket.resume())
    socket.on('error', (error) => options.onEvent?.({ event: 'error', message: error.message }))
    socket.on('close', () => {
      options.signal?.removeEventListener('abort', abort)
      connection.tellEnd()
      resolve(connection.refused)
    })
  })
}

/**
 * Follows Autobahn's protocol for drivers: requests the number of cases, runs each of them, and requests the reports.
 */
export async function driveClient(base: string, agent: string, options: EchoClientOptions = {}): Promise<void> {
  const root = base.replace(/\/+$/, '')
  const query = `agent=${encodeURIComponent(agent)}`
  let count = 0
  await runClient(`${root}/getCaseCount`, { onMessage: (payload) => (count = Number(payload.toString())) })
  for (let number = 1; number <= count; number++) await runClient(`${root}/runCase?case=${number}&${query}`, options)
  await runClient(`${root}/updateReports?${query}`)
}

/** One connection of a client: the response to its request, then frames. */
class ClientConnection {
  readonly #socket: Socket
  readonly #options: EchoClientOptions
  readonly #defects: Defects
  readonly #request: ClientRequest
  #timer: NodeJS.Timeout | undefined
  #head: Buffer = Buffer.alloc(0)
  #answer: Head | null = null
  #peer: Peer | null = null

  constructor(socket: Socket, request: ClientRequest, options: EchoClientOptions) {
    this.#socket = socket
    this.#options = options
    this.#defects = options.defects ?? new Set()
    this.#request = request
  }

  /** The answer that was not accepted. */
  get refused(): Head | null {
    return this.#peer === null ? this.#answer : null
  }

  begin(): void {
    this.#timer = setTimeout(() => this.#refuse('no answer in time'), ANSWER_TIME)
    this.#socket.write(this.#request.bytes)
    if (this.#defects.has('sends-before-answer')) this.#newPeer(null).close(1000)
  }

  receive(chunk: Buffer): void {
    if (this.#peer) this.#peer.receive(chunk)
    else if (!this.#socket.writableEnded) this.#receiveHead(Buffer.concat([this.#head, chunk]))
    if (this.#socket.writableNeedDrain && !this.#socket.writableEnded) this.#socket.pause()
  }

  receiveEnd(): void {
    if (this.#peer) this.#peer.receiveEnd()
    else this.#refuse('the connection ended before the answer did')
  }

  tellEnd(): void {
    clearTimeout(this.#timer)
    if (this.#peer) this.#options.onEvent?.({ event: 'close', ...this.#peer.closeInfo })
  }

  #receiveHead(bytes: Buffer): void {
    this.#head = bytes
    try {
      if (!'HTTP/1.'.startsWith(bytes.toString('latin1', 0, 7))) throw new Refusal(0, 'an answer that is not HTTP/1')
      const head = readHead(bytes, this.#defects)
      if (!head) return
      this.#head = bytes.subarray(head.size)
      this.#answer = head
      // 100 and 103 may precede the response (RFC 9110 §15.2).
      if (/^HTTP\/1\.1 1(?!01)\d\d/.test(head.startLine)) this.#receiveHead(this.#head)
      else this.#open(checkAnswer(head, this.#request, this.#defects))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      this.#refuse(error.message)
    }
  }

  #open(agreement: Agreement | null): void {
    clearTimeout(this.#timer)
    this.#options.onEvent?.({ event: 'open' })
    const peer = this.#newPeer(agreement)
    this.#peer = peer
    this.#options.onOpen?.((code) => peer.close(code))
    if (this.#head.length > 0 && !this.#defects.has('loses-frames-with-answer')) peer.receive(this.#head)
    if (this.#defects.has('closes-unprompted')) peer.close(1000)
  }

  #newPeer(agreement: Agreement | null): Peer {
    const { maxMessage = 16 * 1024 * 1024, onEvent, onMessage } = this.#options
    const defects = this.#defects
    const deflate = agreement && new Deflate(agreement, 'client', defects)
    return new Peer(this.#socket, {
      role: 'client',
      deflate,
      maxMessage,
      defects,
      onMessage(opcode, payload) {
        onEvent?.({ event: 'message', type: opcode === TEXT ? 'text' : 'binary', size: payload.length })
        onMessage?.(payload)
        return onMessage === undefined
      },
    })
  }

  #refuse(why: string): void {
    if (this.#socket.writableEnded) return
    this.#options.onEvent?.({ event: 'error', message: why })
    this.#socket.destroy()
  }
}
