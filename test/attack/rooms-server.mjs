import { createServer, Rooms, require_websocket } from '../../dist/index.js'

/**
 * A server of rooms, whose members send to all others. `/history/:room` has history, `/plain/:room` has none. With a
 * certificate, it uses HTTP/2.
 */
const { CERT: cert, KEY: key } = process.env
const kinds = { history: new Rooms({ history: { size: 100, ttl: 60_000 } }), plain: new Rooms() }
const view = (rooms) =>
  require_websocket(async ({ websocket, params }) => {
    const room = rooms.room(params.room)
    await room.join(websocket)
    for await (const message of websocket) room.broadcast(message, { except: websocket })
  })
const urls = { '/history/:room': view(kinds.history), '/plain/:room': view(kinds.plain) }
const { port } = await createServer({ urls, ...(cert !== undefined && { http2: { cert, key } }) }).listen(0)
console.log(`listening ws://127.0.0.1:${port}`)
