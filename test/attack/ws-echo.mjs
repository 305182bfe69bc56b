import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { WebSocketServer } from 'ws'

/** npm ws as an echo server with permessage-deflate, over TLS with a certificate: attacks D and G compare with it. */
const { CERT: cert, KEY: key } = process.env
const httpServer = cert === undefined ? createServer() : createSecureServer({ cert, key })
const server = new WebSocketServer({ server: httpServer, perMessageDeflate: { threshold: 0 } })
httpServer.listen(0, '127.0.0.1', () => console.log(`listening ws://127.0.0.1:${httpServer.address().port}`))
server.on('connection', (socket) => {
  socket.on('error', () => {})
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})
