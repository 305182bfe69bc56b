import { randomUUID } from 'node:crypto'
import { createServer, require_websocket } from 'dwebsocket'

/** Who is logged in, by the id in the cookie. */
const sessions = new Map()

function findUser({ headers }) {
  const [, id] = /(?:^|; )sid=([^;]+)/.exec(headers.cookie ?? '') ?? []
  return sessions.get(id) ?? null
}

function logIn(request, response) {
  const id = randomUUID()
  sessions.set(id, request.query.get('name') ?? 'somebody')
  response.setHeader('Set-Cookie', `sid=${id}; HttpOnly; SameSite=Lax; Path=/`)
  return 'welcome\n'
}

const greet = require_websocket(
  async (request) => {
    const user = findUser(request)
    for await (const message of request.websocket) request.websocket.send(`${user}: ${message}`)
  },
  { authorize: (request) => (findUser(request) === null ? { status: 401, body: 'log in first\n' } : undefined) },
)

const server = createServer({ urls: { '/login': logIn, '/greet': greet } })
await server.listen(8000)
