import { readFile } from 'node:fs/promises'
import { createServer as createHttpsServer } from 'node:https'
import { createServer, require_websocket } from 'dwebsocket'

const echo = require_websocket(async ({ websocket, params }) => {
  for await (const message of websocket) await websocket.send(`${params.name}: ${message}`)
})

const read = (name) => readFile(new URL(name, import.meta.url))
const tls = { key: await read('localhost.key'), cert: await read('localhost.crt') }
const server = createHttpsServer(tls, (_request, response) => response.end('hello'))
createServer({ urls: { '/echo/:name': echo } }).attach(server)
server.listen(8000)
