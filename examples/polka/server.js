import { createServer } from 'node:http'
import { accept_websocket, WebSocketMiddleware } from 'dwebsocket'
import polka from 'polka'

const app = polka().get(
  '/time/:zone',
  accept_websocket(async (request) => {
    const time = new Date().toLocaleTimeString('en', { timeZone: `Etc/${request.params.zone}` })
    if (!request.is_websocket()) return time
    await request.websocket.send(time)
  }),
)

const server = createServer(app.handler)
const { server: sockets } = new WebSocketMiddleware(server, { maxConnections: 10_000 })
server.listen(8000)
process.once('SIGTERM', () => sockets.shutdown({ drain: 5_000 }).then(() => server.close()))
