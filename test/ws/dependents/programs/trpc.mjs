import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { WebSocket } from 'dwebsocket/ws'
import { expect, serve } from './support.mjs'

const { router, procedure } = initTRPC.create()
const app = router({
  greet: procedure.input((name) => String(name)).query(({ input }) => `hello ${input}`),
  count: procedure.subscription(async function* () {
    for (let number = 1; number <= 3; number++) yield number
  }),
})
const { server, url } = await serve()
const handler = applyWSSHandler({
  wss: server,
  router: app,
  keepAlive: { enabled: true, pingMs: 50, pongWaitMs: 5000 },
})
const socket = createWSClient({ url, WebSocket })
const client = createTRPCClient({ links: [wsLink({ client: socket })] })
expect((await client.greet.query('you')) === 'hello you', 'tRPC answers a query')
const greetings = await Promise.all(Array.from({ length: 100 }, (_, number) => client.greet.query(String(number))))
expect(greetings.at(-1) === 'hello 99', 'tRPC answers a hundred queries at once')
const numbers = await new Promise((resolve, reject) => {
  const received = []
  const callbacks = { onData: (number) => received.push(number), onError: reject, onComplete: () => resolve(received) }
  client.count.subscribe(undefined, callbacks)
})
expect(numbers.join() === '1,2,3', 'tRPC streams a subscription')
handler.broadcastReconnectNotification()
await socket.close()
