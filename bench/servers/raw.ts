import { createHash } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import { announce, HOST, readSettings } from './support.ts'

/**
 * The lower bound for a WebSocket server on node:net: after a minimal handshake it echoes the bytes without parsing
 * them. It counts uploads in bytes.
 */
const settings = readSettings()
const members = new Set<Socket>()

const server = createServer((socket) => {
  socket.setNoDelay(true)
  socket.on('error', () => {})
  socket.once('data', (request) => {
    const key = /^Sec-WebSocket-Key:[ \t]*(\S+)/im.exec(request.toString('latin1'))?.[1] ?? ''
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    serve(socket)
  })
})

function serve(socket: Socket): void {
  if (settings.mode === 'broadcast') {
    members.add(socket)
    socket.on('close', () => members.delete(socket))
    socket.on('data', (bytes) => {
      for (const member of members) member.write(bytes)
    })
  } else if (settings.mode === 'echo') {
    socket.on('data', (bytes) => socket.write(bytes))
  } else {
    countUpload(socket)
  }
}

function countUpload(socket: Socket): void {
  const receipt = Buffer.concat([Buffer.from([0x81, settings.receipt.length]), Buffer.from(settings.receipt)])
  let received = 0
  socket.on('data', (bytes) => {
    received += bytes.length
    for (; received >= settings.frameBytes; received -= settings.frameBytes) socket.write(receipt)
  })
}

server.listen(0, HOST, 4096, () => announce((server.address() as { port: number }).port, ''))
