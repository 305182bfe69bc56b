import { createServer, isEqualSecret, Rooms, require_websocket } from 'dwebsocket'

const TOKEN = process.env.OPERATOR_TOKEN ?? 'only for this example'
const visitors = new Rooms().room('visitors')

const visit = require_websocket(async ({ websocket }) => {
  await visitors.join(websocket)
  while (!websocket.is_closed()) await websocket.wait()
})

const operate = require_websocket(
  async ({ websocket }) => {
    for await (const message of websocket) {
      const count = visitors.broadcast(message)
      websocket.send(`sent to ${count} visitors`)
    }
  },
  { authorize: ({ query }) => (isEqualSecret(query.get('token') ?? '', TOKEN) ? undefined : { status: 401 }) },
)

const server = createServer({ urls: { '/notice': visit, '/operator': operate } })
await server.listen(8000)
