const { WebSocketServer } = require('ws')
const [port, mode] = process.argv.slice(2)
const server = new WebSocketServer({ host: '127.0.0.1', port: Number(port), perMessageDeflate: mode === 'deflate' })
server.on('connection', (socket) => {
  socket.on('error', () => {})
  socket.on('message', (data, binary) => socket.send(data, { binary }))
})
