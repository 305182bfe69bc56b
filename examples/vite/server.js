import { createServer, Rooms, require_websocket } from 'dwebsocket'

const rooms = new Rooms()

const chat = require_websocket(async ({ websocket, params }) => {
  const room = rooms.room(params.room)
  await room.join(websocket)
  for await (const message of websocket) room.broadcast(message)
})

const server = createServer({ urls: { '/chat/:room': chat } })
await server.listen(8000)
