import { WebSocketServer } from 'dwebsocket/ws'
import { Server } from 'socket.io'
import { io } from 'socket.io-client'
import { expect, listen } from './support.mjs'

// The server gets the drop-in as `wsEngine`, and the client finds it through the override. Once with compression, and
// once without, where a broadcast is encoded by `Sender.frame`.
for (const perMessageDeflate of [{ threshold: 0 }, false]) {
  const { http, host } = await listen()
  const server = new Server(http, { wsEngine: WebSocketServer, perMessageDeflate })
  server.on('connection', (socket) => {
    socket.join('room')
    socket.on('echo', (...values) => values.pop()(...values))
    socket.on('all', (value) => server.to('room').emit('all', value))
  })
  const clients = [1, 2].map(() => io(`http://${host}`, { transports: ['websocket'], forceNew: true }))
  await Promise.all(clients.map((client) => new Promise((resolve) => client.on('connect', resolve))))
  const [client] = clients
  const bytes = Buffer.alloc(900_000, 7)
  const [text, echoed] = await new Promise((resolve) => client.emit('echo', 'text', bytes, (...all) => resolve(all)))
  expect(text === 'text' && bytes.equals(echoed), 'socket.io echoes text and bytes')
  const everyone = clients.map((each) => new Promise((resolve) => each.once('all', resolve)))
  client.emit('all', 5)
  expect(String(await Promise.all(everyone)) === '5,5', 'socket.io sends to a room')
  client.io.engine.close()
  const numbers = Array.from({ length: 1000 }, (_, number) => number)
  const answers = await Promise.all(numbers.map((n) => new Promise((resolve) => client.emit('echo', n, resolve))))
  expect(answers.join() === numbers.join(), 'socket.io reconnects and echoes 1,000 messages in order')
  for (const each of clients) each.close()
  await server.close()
}
