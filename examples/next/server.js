import { createServer as createHttpServer } from 'node:http'
import { createServer, require_websocket } from 'dwebsocket'
import next from 'next'

const echo = require_websocket(async ({ websocket, params }) => {
  for await (const message of websocket) await websocket.send(`${params.name}: ${message}`)
})

const app = next({ dev: process.env.NODE_ENV !== 'production' })
await app.prepare()

const server = createHttpServer(app.getRequestHandler())
createServer({ urls: { '/echo/:name': echo } }).attach(server)
server.listen(process.env.PORT ?? 8000, () => console.log(`listening on http://localhost:${server.address().port}`))
