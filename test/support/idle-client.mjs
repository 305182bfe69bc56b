import { connect } from 'node:net'

/**
 * A peer in a separate process, which a signal stops. It upgrades, prints a line, and prints another line for each
 * ping.
 */
const socket = connect(Number(process.argv[2]), '127.0.0.1')
socket.write(
  'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
)
socket.on('error', () => process.exit())
socket.on('close', () => process.exit())
let isOpen = false
socket.on('data', (chunk) => {
  let frames = chunk
  if (!isOpen) {
    isOpen = true
    console.log('open')
    // The first ping may arrive together with the head of the response.
    frames = chunk.subarray(chunk.indexOf('\r\n\r\n') + 4)
  }
  // They begin with a ping of the server. The reply is a pong without payload, which is a sign of life.
  if (frames[0] !== 0x89) return
  socket.write(Buffer.from([0x8a, 0x80, 0, 0, 0, 0]))
  console.log('answered')
})
