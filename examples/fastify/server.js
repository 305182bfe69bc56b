import { createServer, require_websocket } from 'dwebsocket'
import Fastify from 'fastify'

const echo = require_websocket(async ({ websocket, params }) => {
  for await (const message of websocket) await websocket.send(`${params.name}: ${message}`)
})

const app = Fastify()
app.get('/', () => 'hello')

const sockets = createServer({ urls: { '/echo/:name': echo } })
sockets.attach(app.server)
app.addHook('preClose', async () => {
  await sockets.shutdown()
})

await app.listen({ port: 8000 })
