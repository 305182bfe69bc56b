import { accept_websocket, createServer, require_websocket } from 'dwebsocket'

const echo_once = require_websocket(async (request) => {
  const message = await request.websocket.wait()
  if (message !== null) request.websocket.send(message)
})

const echo = accept_websocket(async (request) => {
  if (!request.is_websocket()) return request.query.get('message') ?? ''
  for await (const message of request.websocket) request.websocket.send(message)
})

const modify_message = (message) => message.toLowerCase()

const lower_case = accept_websocket(async (request) => {
  if (!request.is_websocket()) return modify_message(request.query.get('message') ?? '')
  for await (const message of request.websocket) request.websocket.send(modify_message(String(message)))
})

const clients = new Set()

const broadcast = require_websocket(async ({ websocket }) => {
  clients.add(websocket)
  try {
    for await (const message of websocket) for (const client of clients) client.send(message)
  } finally {
    clients.delete(websocket)
  }
})

const server = createServer({
  urls: { '/echo_once': echo_once, '/echo': echo, '/lower_case': lower_case, '/broadcast': broadcast },
})
await server.listen(8000)
