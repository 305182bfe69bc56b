import type { AddressInfo } from 'node:net'
import { WebSocketServer } from '../../src/index.ts'
import { RawClient } from '../support/raw-client.ts'
import { assert, suite } from '../support/unit.ts'
import { frame } from '../support/wire.ts'

const test = suite('transferred messages')

test('may take their memory with them, also when more input had waited behind them', async (t) => {
  const server = new WebSocketServer()
  const lengths: number[] = []
  const received = new Promise<void>((resolve) => {
    server.onConnection = (connection) => {
      connection.onMessage = (message) => {
        lengths.push(message.length)
        if (message.length === 1) {
          connection.pause()
          setImmediate(() => connection.resume())
        } else if (message.length > 1024) {
          const { buffer } = message as Buffer<ArrayBuffer>
          structuredClone(message, { transfer: [buffer] })
        }
        if (message.length === 30) resolve()
      }
      connection.onClose = () => resolve()
    }
  })
  const { port } = (await server.listen(0)) as AddressInfo
  const client = await RawClient.open(port)
  t.after(async () => {
    client.socket.destroy()
    await server.close()
  })
  const sizes = [1, 20_000, 20, 40_000, 30]
  client.socket.write(Buffer.concat(sizes.map((size) => frame(2, Buffer.alloc(size)))))
  await received
  assert.equal(lengths, sizes)
})
