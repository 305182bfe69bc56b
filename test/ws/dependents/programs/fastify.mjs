import { once } from 'node:events'
import websocket from '@fastify/websocket'
import fastify from 'fastify'
import { WebSocket } from 'ws'
import { expect, tryEcho } from './support.mjs'

const app = fastify()
await app.register(websocket)
app.get('/', { websocket: true }, (socket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }))
})
await app.ready()
const injected = await app.injectWS('/')
injected.send('injected')
expect(String((await once(injected, 'message'))[0]) === 'injected', 'injectWS echoes')
injected.terminate()
await app.listen({ port: 0, host: '127.0.0.1' })
await tryEcho(WebSocket, `ws://127.0.0.1:${app.server.address().port}/`, '@fastify/websocket')
await app.close()
