import { createServer, require_websocket } from 'dwebsocket'

const push = require_websocket(async ({ websocket }) => {
  while (!websocket.is_closed()) {
    websocket.send(new Date().toISOString())
    await websocket.wait({ timeout: 1_000 })
  }
})

const server = createServer({ urls: { '/push': push } })
await server.listen(8000)
