import type { IncomingMessage } from 'node:http'
import type * as Npm from 'ws'
import { type ClientOptions, type RawData, type ServerOptions, WebSocket, WebSocketServer } from '../../src/ws/index.ts'

/* Only type-checked. What is declared with @types/ws accepts the drop-in, and the reverse where a value is passed in. */

declare const npmServerOptions: Omit<Npm.ServerOptions, 'WebSocket'>
declare const npmClientOptions: Npm.ClientOptions
declare const npmDeflate: Npm.PerMessageDeflateOptions

export const serverOptions: ServerOptions = npmServerOptions
export const clientOptions: ClientOptions = npmClientOptions
export const deflate: ServerOptions['perMessageDeflate'] = npmDeflate

/** A library that is declared for npm ws. */
declare function useServer(server: Npm.WebSocketServer): void
declare function useSocket(socket: Npm.WebSocket, data: Npm.RawData): void

export function passOn(url: string): void {
  const server: WebSocketServer = new WebSocketServer({ port: 0 })
  useServer(server)
  server.on('connection', (socket: WebSocket, request: IncomingMessage) => {
    socket.on('message', (data: RawData, isBinary: boolean) => {
      useSocket(socket, data)
      socket.send(data, { binary: isBinary, compress: false }, (error) => request.url ?? error?.message)
    })
  })
  const client = new WebSocket(url, ['chat'], {
    perMessageDeflate: { threshold: 10, zlibDeflateOptions: { level: 3 } },
  })
  client.onmessage = ({ data }: Npm.MessageEvent) => client.close(1000, String(data))
  client.ping('', false, (error: Error) => error.message)
}
