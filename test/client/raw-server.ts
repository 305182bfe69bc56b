import { createHash } from 'node:crypto'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import type { Connection, Data } from '../../src/index.ts'
import type { TestContext } from '../support/unit.ts'

/** Starts a server without a library. `answer` is called with the head of the request. */
export async function rawServer(t: TestContext, answer: (socket: Socket, head: string) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    let head = ''
    const take = (chunk: Buffer): void => {
      head += chunk.toString('latin1')
      if (!head.includes('\r\n\r\n')) return
      socket.off('data', take)
      answer(socket, head)
    }
    socket.on('data', take)
  })
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `ws://127.0.0.1:${await portOf(server)}`
}

/** Listens on a free port of the loopback. */
export async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Returns a 101 response for the key of a request. */
export function accept(head: string, extra = ''): string {
  const key = /sec-websocket-key: (\S+)/i.exec(head)![1]
  const answer = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${answer}\r\n${extra}\r\n`
}

/** Resolves to the next message. */
export const next = (connection: Connection): Promise<Data> =>
  new Promise((resolve) => {
    connection.onMessage = resolve
  })

/** Resolves to the close code once the connection is closed. */
export const closed = (connection: Connection): Promise<number> =>
  new Promise((resolve) => {
    connection.onClose = ({ code }) => resolve(code)
  })
