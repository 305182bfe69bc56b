import { createServer as createHttpServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { createServer, require_websocket } from 'dwebsocket'
import { Hono } from 'hono'

const echo = require_websocket(async ({ websocket, params }) => {
  for await (const message of websocket) await websocket.send(`${params.name}: ${message}`)
})

const app = new Hono()
app.get('/', (context) => context.text('hello'))

const server = createHttpServer(getRequestListener(app.fetch))
createServer({ urls: { '/echo/:name': echo } }).attach(server)
server.listen(8000)
