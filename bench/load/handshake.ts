import { createHash, randomBytes } from 'node:crypto'
import type { Target } from './workload.ts'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** The request of the opening handshake, with its key (RFC 6455 §4.1). */
export function handshakeRequest(target: Target, extensions?: string): { key: string; request: string } {
  const key = randomBytes(16).toString('base64')
  const lines = [
    `GET ${target.path} HTTP/1.1`,
    `Host: ${target.host}:${target.port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${key}`,
    'Sec-WebSocket-Version: 13',
  ]
  if (extensions) lines.push(`Sec-WebSocket-Extensions: ${extensions}`)
  return { key, request: `${lines.join('\r\n')}\r\n\r\n` }
}

/** Returns what has arrived without the interim responses at its beginning (RFC 9110 §15.2). */
export function withoutInterim(received: string): string {
  return received.replace(/^(?:HTTP\/1\.1 1(?!01)\d\d[\s\S]*?\r\n\r\n)+/, '')
}

/**
 * Returns the extensions that the server accepted (RFC 6455 §4.1).
 *
 * @throws {Error} when the response is not a valid 101.
 */
export function checkHandshakeResponse(head: string, key: string): string {
  if (!/^HTTP\/1\.1 101\b/.test(head)) throw new Error(`the server answered “${head.split('\r\n')[0]}”, expected 101`)
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64')
  const header = (name: string): string => new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'im').exec(head)?.[1] ?? ''
  if (header('Sec-WebSocket-Accept') !== accept) throw new Error('the server sent a wrong Sec-WebSocket-Accept')
  return header('Sec-WebSocket-Extensions')
}

/** Number of source addresses for connections to the local machine, which are used in turn. */
const SOURCE_ADDRESSES = 1000
let connectionCount = 0

/**
 * Returns the source address of the next connection. The addresses vary, because a single one would run out of ports:
 * closed connections stay in TIME_WAIT. Undefined where the system has only one loopback address.
 */
export function sourceAddressFor(host: string): string | undefined {
  if (process.platform !== 'linux' || host !== '127.0.0.1') return undefined
  const index = connectionCount++ % SOURCE_ADDRESSES
  return `127.0.${1 + Math.floor(index / 250)}.${1 + (index % 250)}`
}
