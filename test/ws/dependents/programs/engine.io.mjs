import { attach } from 'engine.io'
import { Socket } from 'engine.io-client'
import { expect, listen } from './support.mjs'

const { http, host } = await listen()
attach(http).on('connection', (socket) => socket.on('message', (message) => socket.send(message)))
// The client polls first, so that the WebSocket is an upgrade.
const client = new Socket(`http://${host}`)
await new Promise((resolve) => client.on('upgrade', resolve))
for (const message of ['text', Buffer.alloc(100_000, 3)]) {
  const answered = new Promise((resolve) => client.once('message', resolve))
  client.send(message)
  expect(Buffer.from(await answered).equals(Buffer.from(message)), 'engine.io echoes')
}
client.close()
