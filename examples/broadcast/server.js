import { createServer, require_websocket } from 'dwebsocket'

const clients = new Set()

const broadcast = require_websocket(async ({ websocket }) => {
  clients.add(websocket)
  try {
    for await (const message of websocket) for (const client of clients) client.send(message)
  } finally {
    clients.delete(websocket)
  }
})

const server = createServer({ urls: { '/broadcast': broadcast } })
await server.listen(8000)
