import { serve } from '@hono/node-server'
import { createNodeWebSocket } from '@hono/node-ws'
import { Hono } from 'hono'
import { WebSocket } from 'ws'
import { listen, tryEcho } from './support.mjs'

const app = new Hono()
const { injectWebSocket, upgradeWebSocket } = createNodeWebSocket({ app })
app.get(
  '/echo',
  upgradeWebSocket(() => ({ onMessage: ({ data }, socket) => socket.send(data) })),
)
const http = await new Promise((resolve) => {
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(server))
})
injectWebSocket(http)
const { host } = await listen(http)
await tryEcho(WebSocket, `ws://${host}/echo`, 'Hono')
