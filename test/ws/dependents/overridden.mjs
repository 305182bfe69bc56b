import { once } from 'node:events'
import { createRequire } from 'node:module'
import websocket from '@fastify/websocket'
import fastify from 'fastify'
import DefaultWebSocket, { WebSocket, WebSocketServer } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import { Doc } from 'yjs'

/* Run by main.ts in a folder where these packages are installed, with an override of ws by the folder of the package. */

function expect(isTrue, what) {
  if (!isTrue) throw new Error(`failed: ${what}`)
}

function checkForms() {
  const required = createRequire(import.meta.url)('ws')
  expect(required === WebSocket && DefaultWebSocket === WebSocket, 'require and import return one class')
  expect(required.Server === WebSocketServer && required.WebSocket === WebSocket, 'it has the statics of npm ws')
}

async function useFastify() {
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
  const client = new WebSocket(`ws://127.0.0.1:${app.server.address().port}/`)
  await once(client, 'open')
  client.send('over TCP')
  expect(String((await once(client, 'message'))[0]) === 'over TCP', '@fastify/websocket echoes')
  client.close()
  await app.close()
}

async function useYjs() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      for (const other of server.clients) if (other !== socket) other.send(data)
    })
  })
  await once(server, 'listening')
  const url = `ws://127.0.0.1:${server.address().port}`
  const options = { WebSocketPolyfill: WebSocket, disableBc: true }
  const [one, two] = [new Doc(), new Doc()]
  const providers = [one, two].map((doc) => new WebsocketProvider(url, 'room', doc, options))
  const connected = (provider) =>
    new Promise((resolve) => {
      if (provider.wsconnected) resolve()
      else provider.on('status', ({ status }) => status === 'connected' && resolve())
    })
  await Promise.all(providers.map(connected))
  const text = two.getText('text')
  const changed = new Promise((resolve) => text.observe(() => resolve(text.toString())))
  one.getText('text').insert(0, 'shared')
  expect((await changed) === 'shared', 'y-websocket brings a change to another document')
  for (const provider of providers) provider.destroy()
  for (const client of server.clients) client.terminate()
  server.close()
}

checkForms()
await useFastify()
console.log('@fastify/websocket, by override: ok')
await useYjs()
console.log('y-websocket, by override: ok')
process.exit(0)
