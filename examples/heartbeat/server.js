import { createServer, require_websocket } from 'dwebsocket'

const live = require_websocket(async ({ websocket }) => {
  while (!websocket.is_closed()) {
    const message = await websocket.wait({ timeout: 35_000 })
    if (message === null) return // closed, or silent for 35 seconds
    websocket.send(message === 'ping' ? 'pong' : `You said: ${message}`)
  }
})

const server = createServer({ urls: { '/live': live } })
await server.listen(8000)
