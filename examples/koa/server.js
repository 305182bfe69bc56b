import { createServer as createHttpServer } from 'node:http'
import { createServer, require_websocket } from 'dwebsocket'
import Koa from 'koa'

const echo = require_websocket(async ({ websocket, params }) => {
  for await (const message of websocket) await websocket.send(`${params.name}: ${message}`)
})

const app = new Koa()
app.use((context) => {
  context.body = 'hello'
})

const server = createHttpServer(app.callback())
createServer({ urls: { '/echo/:name': echo } }).attach(server)
server.listen(8000)
