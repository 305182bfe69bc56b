import { createServer } from 'node:http'
import { loadWs } from './library.ts'
import { announce, HOST, readSettings, requirePeer } from './support.ts'

/**
 * npm socket.io over WebSocket only: one event, to one room that every connection joins; `WS_DROP_IN=1` puts
 * `dwebsocket/ws` in place of npm ws.
 */
const settings = readSettings()
const { peer, version } = requirePeer('socket.io')
const httpServer = createServer()
const engine = process.env.WS_DROP_IN === '1' ? { wsEngine: (await loadWs()).WebSocketServer } : {}
const server = new peer.Server(httpServer, {
  ...engine,
  transports: ['websocket'],
  maxHttpBufferSize: settings.maxMessage,
  // Pings would appear between the messages that the load generator compares.
  pingInterval: 3_600_000,
  perMessageDeflate: settings.deflate,
})

// biome-ignore lint/suspicious/noExplicitAny: socket.io is loaded by name, without its types
server.on('connection', (socket: any) => {
  socket.join('everybody')
  socket.on('m', (message: string) => {
    if (settings.mode === 'broadcast') server.to('everybody').emit('m', message)
    else socket.emit('m', message)
  })
})

httpServer.listen(0, HOST, 4096, () => announce((httpServer.address() as { port: number }).port, version))
