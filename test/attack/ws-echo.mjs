import { WebSocketServer } from 'ws'

/** npm ws as an echo server with permessage-deflate: attacks D and G compare with it. */
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: { threshold: 0 } })
server.on('listening', () => console.log(`listening ws://127.0.0.1:${server.address().port}`))
server.on('connection', (socket) => {
  socket.on('error', () => {})
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})
