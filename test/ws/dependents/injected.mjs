import { once } from 'node:events'
import { createServer } from 'node:http'
import { WebSocket, WebSocketServer } from 'dwebsocket/ws'
import { buildSchema } from 'graphql'
import { createClient } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { Server } from 'socket.io'
import { io } from 'socket.io-client'

/* Run by main.ts in a folder where these packages are installed: the drop-in is handed to them. */

function expect(isTrue, what) {
  if (!isTrue) throw new Error(`failed: ${what}`)
}

async function useSocketIo() {
  const http = createServer()
  const server = new Server(http, { wsEngine: WebSocketServer, perMessageDeflate: { threshold: 0 } })
  server.on('connection', (socket) => {
    socket.join('room')
    socket.on('echo', (...values) => values.pop()(...values))
    socket.on('all', (value) => server.to('room').emit('all', value))
  })
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve))
  const client = io(`http://127.0.0.1:${http.address().port}`, { transports: ['websocket'] })
  const bytes = Buffer.alloc(900_000, 7)
  const [text, echoed] = await new Promise((resolve) => client.emit('echo', 'text', bytes, (...all) => resolve(all)))
  expect(text === 'text' && bytes.equals(echoed), 'socket.io echoes text and bytes')
  const everyone = new Promise((resolve) => client.once('all', resolve))
  client.emit('all', 5)
  expect((await everyone) === 5, 'socket.io sends to a room')
  client.io.engine.close()
  const numbers = Array.from({ length: 1000 }, (_, number) => number)
  const answers = await Promise.all(numbers.map((n) => new Promise((resolve) => client.emit('echo', n, resolve))))
  expect(answers.join() === numbers.join(), 'socket.io reconnects and echoes 1,000 messages in order')
  client.close()
  await server.close()
}

async function useGraphql() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const disposable = useServer(
    { schema: buildSchema('type Query { hello: String }'), roots: { query: { hello: () => 'hi' } } },
    server,
  )
  const url = `ws://127.0.0.1:${server.address().port}`
  const client = createClient({ url, webSocketImpl: WebSocket })
  const result = await new Promise((resolve, reject) => {
    let value
    const sink = { next: (data) => (value = data), error: reject, complete: () => resolve(value) }
    client.subscribe({ query: '{ hello }' }, sink)
  })
  expect(result.data.hello === 'hi', 'graphql-ws answers a query')
  await client.dispose()
  await disposable.dispose()
}

await useSocketIo()
console.log('socket.io and engine.io, injected: ok')
await useGraphql()
console.log('graphql-ws, injected: ok')
