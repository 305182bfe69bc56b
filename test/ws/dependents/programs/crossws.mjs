import crossws from 'crossws/adapters/node'
import { WebSocket, WebSocketServer } from 'dwebsocket/ws'
import { listen, tryEcho } from './support.mjs'

// Bundles its own ws: the drop-in is handed to it.
const adapter = crossws({
  wss: new WebSocketServer({ noServer: true }),
  hooks: { message: (peer, message) => void peer.send(message.rawData) },
})
const { http, host } = await listen()
http.on('upgrade', adapter.handleUpgrade)
await tryEcho(WebSocket, `ws://${host}/`, 'crossws')
