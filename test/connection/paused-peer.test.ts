import type { AddressInfo, Socket } from 'node:net'
import { readLimits } from '../../src/connection/limits.ts'
import { Traffic } from '../../src/connection/traffic.ts'
import { type CloseInfo, Connection, WebSocket, WebSocketServer } from '../../src/index.ts'
import { manualSource } from '../support/manual-source.ts'
import { RawClient } from '../support/raw-client.ts'
import { SlowPeer } from '../support/slow-peer.ts'
import { turns, until } from '../support/tick.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { closeFrame, frame } from '../support/wire.ts'

/*
 * A peer that is not read from, because the application has paused it or its session's queue is full, must still be
 * noticed when it closes, ends or resets, within the times of the keepalive.
 */

const test = suite('paused peer')

const TIMES = { pingInterval: 60, pingTimeout: 60 }

async function openPaused(t: TestContext, pause: (connection: Connection) => void, times = TIMES) {
  const server = new WebSocketServer(times)
  t.after(() => server.close())
  let connection!: Connection
  const log: unknown[] = []
  server.onConnection = (each) => {
    connection = each
    pause(each)
    const { onClose, onMessage } = each
    each.onClose = (info) => {
      onClose(info)
      log.push(info)
    }
    each.onMessage = (data, isBinary) => {
      onMessage(data, isBinary)
      log.push(data)
    }
  }
  const { port } = (await server.listen(0)) as AddressInfo
  const client = await RawClient.open(port)
  t.after(() => client.socket.destroy())
  return { server, client, connection, log }
}

/** Ways to stop reading from a peer, each after the first message. */
const pauses: Record<string, (connection: Connection) => void> = {
  'paused by the application': (connection) => {
    connection.onMessage = () => connection.pause()
  },
  'with a full session': (connection) => {
    new WebSocket(connection, { marks: fullAt(1), heartbeat: false })
  },
}

const fullAt = (count: number) => ({
  queueHighCount: count,
  queueLowCount: 0,
  queueHighBytes: 1_000_000,
  queueLowBytes: 0,
})

const ends: Record<string, [(client: RawClient) => void, number]> = {
  'sends a Close frame': [(client) => client.send(closeFrame(4000)), 4000],
  'ends the stream': [(client) => client.socket.end(), 1006],
  'sends a Close frame and ends the stream': [(client) => client.socket.end(closeFrame(4001)), 4001],
  'resets the stream': [(client) => client.socket.resetAndDestroy(), 1006],
}

for (const [name, pause] of Object.entries(pauses)) {
  for (const [way, [end, code]] of Object.entries(ends)) {
    test(`a peer ${name} that ${way} is noticed, after what it sent before`, async (t) => {
      const { server, client, connection, log } = await openPaused(t, pause)
      client.send(frame(1, 'first'))
      await until(() => log.length === 1)
      client.send(frame(1, 'second'), frame(1, 'third'))
      await turns()
      assert.equal(log, ['first'])
      end(client)
      await until(() => connection.closeInfo !== null)
      const info = log.at(-1) as CloseInfo
      assert.is(info.code, code)
      if (way !== 'resets the stream') assert.equal(log.slice(0, -1), ['first', 'second', 'third'])
      client.socket.destroy()
      await until(() => server.connections.size === 0)
    })
  }
}

test('a peer of which more waits than is read ahead is probed by the system, and noticed when it resets', async (t) => {
  const server = new WebSocketServer(TIMES)
  t.after(() => server.close())
  const probes: unknown[] = []
  let connection!: Connection
  server.onUpgrade = (upgrade) => {
    const socket = upgrade.stream as Socket
    const { setKeepAlive } = socket
    socket.setKeepAlive = (...args) => {
      probes.push(args)
      return setKeepAlive.apply(socket, args)
    }
    connection = upgrade.accept()
    connection.onMessage = () => connection.pause()
  }
  const { port } = (await server.listen(0)) as AddressInfo
  const client = await RawClient.open(port)
  for (let i = 0; i < 64; i++) client.send(frame(2, Buffer.alloc(16 * 1024)))
  await until(() => probes.length >= 3)
  const read = connection.memoryUsed
  assert.ok(read >= 64 * 1024 && read < 192 * 1024, `${read} bytes`)
  const { sentBytes } = server.stats()
  await until(() => probes.length >= 10)
  // The peer is not pinged, not closed, and not read from.
  assert.equal([connection.state, connection.memoryUsed, server.stats().sentBytes], ['open', read, sentBytes])
  assert.equal(probes[0], [true, 1000])
  client.socket.resetAndDestroy()
  await until(() => server.connections.size === 0)
  assert.is(connection.closeInfo?.code, 1006)
})

test('a peer is pinged, not terminated, while a message waits for a source', async (t) => {
  const waiting = (connection: Connection): void => {
    connection.send(manualSource().source)
    connection.send('behind')
    connection.pause()
  }
  const { client, connection } = await openPaused(t, waiting, { pingInterval: 60, pingTimeout: 3_000 })
  await client.until(() => client.frames.length > 0 || client.closed)
  assert.is(client.frames[0]?.opcode, 9)
  assert.is(connection.state, 'open')
})

test('a stream that stays half open is noticed as well when it has ended', async (t) => {
  const stream = new SlowPeer()
  t.after(() => stream.destroy())
  const log: unknown[] = []
  const noop = (): void => {}
  const connection = new Connection(stream, {
    role: 'server',
    host: { traffic: new Traffic(), reportError: noop, onMemoryChange: noop, onGone: noop },
    limits: readLimits(TIMES),
    request: null as never,
    subprotocol: '',
  })
  connection.onMessage = (data) => {
    log.push(data)
    connection.pause()
  }
  connection.onClose = ({ code }) => log.push(code)
  stream.push(Buffer.concat([frame(1, 'first'), frame(1, 'second'), closeFrame(4002)]))
  stream.push(null)
  await until(() => connection.closeInfo !== null)
  assert.equal(log, ['first', 'second', 4002])
})
