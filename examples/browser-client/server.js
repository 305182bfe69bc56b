import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer, Rooms, require_websocket } from 'dwebsocket'

const page = await readFile(new URL('page.html', import.meta.url))
const client = await readFile(createRequire(import.meta.url).resolve('dwebsocket/client'))
const asType = (type) => ({ headers: { 'Content-Type': type } })

const rooms = new Rooms({ history: { size: 100, ttl: 60_000 } })

const chat = require_websocket(
  async ({ websocket, params, query }) => {
    const room = rooms.room(params.room)
    await room.join(websocket, { last: query.get('last') })
    for await (const message of websocket) room.broadcast(message)
  },
  { heartbeat: true },
)

const server = createServer({
  urls: {
    '/': () => new Response(page, asType('text/html; charset=utf-8')),
    '/client.js': () => new Response(client, asType('text/javascript')),
    '/chat/:room': chat,
  },
})
await server.listen(8000)
