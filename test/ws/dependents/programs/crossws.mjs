import crossws from 'crossws/adapters/node'
import { WebSocket, WebSocketServer } from 'dwebsocket/ws'
import { listen, tryEcho } from './support.mjs'

// crossws bundles its own ws, so the drop-in is passed to it.
const adapter = crossws({
  wss: new WebSocketServer({ noServer: true }),
  hooks: { message: (peer, message) => void peer.send(message.rawData) },
})
const { http, host } = await listen()
http.on('upgrade', adapter.handleUpgrade)
await tryEcho(WebSocket, `ws://${host}/`, 'crossws')
