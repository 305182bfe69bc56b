import { readFile } from 'node:fs/promises'
import { createServer, require_websocket } from 'dwebsocket'

const echo = require_websocket(async ({ websocket, params, httpVersion }) => {
  for await (const message of websocket) await websocket.send(`${httpVersion} ${params.name}: ${message}`)
})

const read = (name) => readFile(new URL(name, import.meta.url))
const http2 = { key: await read('localhost.key'), cert: await read('localhost.crt') }
const server = createServer({ urls: { '/echo/:name': echo }, http2 })
await server.listen(8000)
