import { createServer as createHttpServer } from 'node:http'
import { createServer, require_websocket } from 'dwebsocket'

const echo = require_websocket(async ({ websocket, params }) => {
  for await (const message of websocket) await websocket.send(`${params.name}: ${message}`)
})

const server = createHttpServer((_request, response) => response.end('hello'))
createServer({ urls: { '/echo/:name': echo } }).attach(server)
server.listen(8000)
