import { WebSocket } from 'dwebsocket/ws'
import { WebsocketProvider } from 'y-websocket'
import { Doc } from 'yjs'
import { expect, serve } from './support.mjs'

const { server, url } = await serve()
server.on('connection', (socket) => {
  socket.on('message', (data) => {
    for (const other of server.clients) if (other !== socket) other.send(data)
  })
})
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
