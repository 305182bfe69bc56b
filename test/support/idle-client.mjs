import { connect } from 'node:net'

/** A peer in a process of its own, to be stopped by a signal: upgrades, prints a line, and answers each ping with a line of its own. */
const socket = connect(Number(process.argv[2]), '127.0.0.1')
socket.write(
  'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
)
socket.on('error', () => process.exit())
socket.on('close', () => process.exit())
socket.once('data', () => {
  console.log('open')
  socket.on('data', (chunk) => {
    // A ping of the server's, at the least: the answer is a pong without content, which is a sign of life.
    if (chunk[0] !== 0x89) return
    socket.write(Buffer.from([0x8a, 0x80, 0, 0, 0, 0]))
    console.log('answered')
  })
})
