// Floods a server: flood-peer.ts PORT tcp|tls|http2 [compressed] < FRAMES. Sends the frames repeatedly and reads all
// replies, in a separate process, so that it does not delay the measurement.
import { buffer } from 'node:stream/consumers'
import { Connector, type Transport } from './transport.ts'

const [, , port, transport, offer] = process.argv
const frames = await buffer(process.stdin)
const block = Buffer.concat(new Array(Math.ceil(500_000 / frames.length)).fill(frames))
const socket = await new Connector(Number(port), transport as Transport).open()
socket.on('error', () => process.exit())
socket.on('close', () => process.exit())
const fields = [
  'GET / HTTP/1.1',
  'Host: localhost',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  ...(offer === undefined ? [] : ['Sec-WebSocket-Extensions: permessage-deflate']),
]
socket.write([...fields, '', ''].join('\r\n'))
const send = (): void => {
  while (socket.write(block));
}
socket.once('data', () => {
  socket.on('data', () => {})
  socket.on('drain', send)
  console.log('flooding')
  send()
})
