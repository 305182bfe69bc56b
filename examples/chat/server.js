import { createServer, require_websocket, Users } from 'dwebsocket'

/** Your login creates these; here they are fixed. */
const nameOfToken = new Map([
  ['token-of-ann', 'ann'],
  ['token-of-bob', 'bob'],
])
const users = new Users()

const chat = require_websocket(
  async ({ websocket, query }) => {
    const name = nameOfToken.get(query.get('token'))
    await users.add(name, websocket)
    for await (const message of websocket) {
      const [, friend, text] = /^@(\S+) (.*)$/s.exec(String(message)) ?? []
      if (friend === undefined) websocket.send('write “@name text”')
      else if ((await users.send(friend, `${name}: ${text}`)) === 0) websocket.send(`${friend} is not here`)
    }
  },
  { authorize: ({ query }) => (nameOfToken.has(query.get('token')) ? undefined : { status: 401 }) },
)

const server = createServer({ urls: { '/chat': chat } })
await server.listen(8000)
