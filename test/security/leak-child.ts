import { channel } from 'node:diagnostics_channel'
import { type AddressInfo, connect } from 'node:net'
import { WebSocketServer } from '../../src/index.ts'
import { wheel } from '../../src/transport/timing-wheel.ts'
import { upgradeRequest } from '../support/raw-client.ts'
import { turns, until } from '../support/tick.ts'
import { closeFrame, frame } from '../support/wire.ts'

/** Opens and closes connections in a separate process, and prints the remaining memory as a line of JSON. */
const COUNT = Number(process.argv[2])
const WARM_UP = 2_000

const server = new WebSocketServer({ onError: () => {} })
server.onConnection = (connection) => {
  connection.onMessage = (data) => void connection.send(data)
}

/** One connection, ended in one of four ways. */
function visit(port: number, way: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(upgradeRequest()))
    let received = 0
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    socket.on('data', (chunk) => {
      if (received === 0) socket.write(frame(1, 'hello'))
      received += chunk.length
      if (!chunk.includes('hello')) return
      if (way === 0) socket.write(closeFrame(1000))
      else if (way === 1) socket.resetAndDestroy()
      else if (way === 2) socket.end()
      else socket.write(frame(3))
    })
    socket.on('end', () => socket.end())
  })
}

async function visitMany(port: number, count: number): Promise<void> {
  for (let i = 0; i < count; i += 20) await Promise.all(Array.from({ length: 20 }, (_, j) => visit(port, (i + j) % 4)))
}

async function heapUsed(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await turns()
  }
  return process.memoryUsage().heapUsed
}

async function growthOf(port: number, count: number): Promise<number> {
  const before = await heapUsed()
  await visitMany(port, count)
  await until(() => server.connections.size === 0)
  return (await heapUsed()) - before
}

async function main(): Promise<void> {
  const { port } = (await server.listen(0)) as AddressInfo
  await visitMany(port, WARM_UP)
  // A leak of connections grows both times. Code that is compiled in between grows memory only once.
  const growth = Math.min(await growthOf(port, COUNT / 2), await growthOf(port, COUNT / 2))
  const timers = wheel.size
  await server.close()
  await turns()
  const handles = process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap' && name !== 'TTYWrap')
  const listeners = process.listenerCount('uncaughtException') + Number(channel('dwebsocket:open').hasSubscribers)
  console.log(JSON.stringify({ growth, timers, handles, listeners }))
}

main()
