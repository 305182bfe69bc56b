import { accept_websocket, createServer } from 'dwebsocket'

const echo = accept_websocket(async (request) => {
  if (!request.is_websocket()) return 'this is plain HTTP'
  for await (const message of request.websocket) request.websocket.send(message)
})

const server = createServer({ urls: { '/echo': echo } })
await server.listen(8000)
