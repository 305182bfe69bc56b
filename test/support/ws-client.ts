import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ClientOptions, WebSocket as WsSocket } from 'ws'

/** A client of npm `ws`, which shares no code with this package: its messages in order, and how the server closed. */
export interface WsClient {
  readonly socket: WsSocket
  readonly protocol: string
  /** Resolves to the next message, text as a string and binary as a Buffer, or to `null` when the server has closed. */
  next(): Promise<string | Buffer | null>
  send(message: string | Buffer): void
  /** The Close of the server, as `code reason`. */
  readonly closed: Promise<string>
}

/** An HTTP response. */
export interface Answer {
  status: number
  headers: IncomingMessage['headers']
  body: string
}

/** Opens a WebSocket. Rejects when the server refuses it. */
export async function openWs(url: string, protocols: string[] = [], options: ClientOptions = {}): Promise<WsClient> {
  const socket = new WsSocket(url, protocols, { perMessageDeflate: false, ...options })
  const messages: (string | Buffer | null)[] = []
  const waiting: ((message: string | Buffer | null) => void)[] = []
  const take = (message: string | Buffer | null): void => {
    const resolve = waiting.shift()
    if (resolve === undefined) messages.push(message)
    else resolve(message)
  }
  socket.on('message', (data, isBinary) => take(isBinary ? (data as Buffer) : String(data)))
  const closed = new Promise<string>((resolve) => {
    socket.on('close', (code, reason) => {
      take(null)
      resolve(`${code} ${reason}`.trim())
    })
  })
  await once(socket, 'open')
  const next = async (): Promise<string | Buffer | null> => {
    const message = messages.shift()
    return message === undefined ? new Promise((resolve) => waiting.push(resolve)) : message
  }
  return { socket, protocol: socket.protocol, next, send: (message) => socket.send(message), closed }
}

/** Resolves to the response that refuses a WebSocket request, and whether the server then ended the connection. */
export function refusedWs(url: string, options: ClientOptions = {}): Promise<Answer & { ended: boolean }> {
  return new Promise((resolve, reject) => {
    const socket = new WsSocket(url, options)
    socket.on('open', () => reject(new Error('the server accepted')))
    socket.on('error', reject)
    socket.on('unexpected-response', (_request, response) => {
      readAnswer(response).then((answer) => {
        const { socket } = response
        if (socket.closed) resolve({ ...answer, ended: true })
        else socket.once('close', () => resolve({ ...answer, ended: true }))
      }, reject)
    })
  })
}

/** Sends a plain HTTP request. */
export function fetchPlain(
  url: string,
  options: { method?: string; path?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { agent: false, ...options }, (response) => {
      readAnswer(response).then(resolve, reject)
    })
    request.on('error', reject)
    request.end()
  })
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  let body = ''
  for await (const chunk of response.setEncoding('utf8')) body += chunk
  return { status: response.statusCode ?? 0, headers: response.headers, body }
}

/** Returns the `127.0.0.1:port` of a listening server. */
export function hostOf(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return `127.0.0.1:${address.port}`
}
