import { createServer, Rooms, require_websocket } from 'dwebsocket'
import { RedisBroker } from 'dwebsocket/redis'
import { createClient } from 'redis'

const client = await createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' }).connect()
const rooms = new Rooms({ broker: new RedisBroker(client) })

const chat = require_websocket(async ({ websocket, params }) => {
  const room = rooms.room(params.room)
  await room.join(websocket)
  for await (const message of websocket) room.broadcast(message)
})

const server = createServer({ urls: { '/chat/:room': chat } })
await server.listen(8000)
