import { readFile } from 'node:fs/promises'
import { createServer, require_websocket } from 'dwebsocket'

const page = await readFile(new URL('page.html', import.meta.url))
const html = { headers: { 'Content-Type': 'text/html; charset=utf-8' } }

const echo = require_websocket(async ({ websocket }) => {
  for await (const message of websocket) websocket.send(`You said: ${message}`)
})

const server = createServer({ urls: { '/': () => new Response(page, html), '/echo': echo } })
await server.listen(8000)
