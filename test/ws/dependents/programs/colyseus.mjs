import { Room, Server } from '@colyseus/core'
import { Client } from '@colyseus/sdk'
import { WebSocketTransport } from '@colyseus/ws-transport'
import { expect, listen } from './support.mjs'

class Echo extends Room {
  onCreate() {
    this.onMessage('echo', (client, message) => client.send('echo', message))
    this.onMessage('all', (_client, message) => this.broadcast('all', message))
  }
}

const transport = new WebSocketTransport({ pingInterval: 200 })
const server = new Server({ transport, greet: false })
server.define('echo', Echo)
await server.listen(0, '127.0.0.1')
const { host } = await listen(transport.server)
const rooms = await Promise.all([1, 2].map(() => new Client(`http://${host}`).joinOrCreate('echo')))
const [room] = rooms
const answered = new Promise((resolve) => room.onMessage('echo', resolve))
const numbers = []
const everyone = rooms.map(
  (each) => new Promise((resolve) => each.onMessage('all', (number) => numbers.push(number) === 200 && resolve())),
)
room.send('echo', { text: 'x'.repeat(2000) })
expect((await answered).text.length === 2000, 'Colyseus answers a message')
// Each message is encoded into memory that the next message reuses.
for (let number = 0; number < 100; number++) room.send('all', number)
await Promise.race(everyone)
const expected = Array.from({ length: 100 }, (_, number) => [number, number]).flat()
expect(numbers.toSorted((a, b) => a - b).join() === expected.join(), 'Colyseus broadcasts a hundred messages')
await Promise.all(rooms.map((each) => each.leave()))
