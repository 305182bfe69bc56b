import { createServer, Rooms, require_websocket } from 'dwebsocket'

const rooms = new Rooms()

const chat = require_websocket(async ({ websocket, params }) => {
  const room = rooms.room(params.room)
  await room.join(websocket)
  for await (const message of websocket) {
    const { event, data, id } = JSON.parse(String(message))
    if (event === 'message') room.broadcast(JSON.stringify({ event, data }), { except: websocket })
    if (id !== undefined) websocket.send(JSON.stringify({ event: 'ack', id }))
  }
})

const server = createServer({ urls: { '/chat/:room': chat } })
await server.listen(8000)
