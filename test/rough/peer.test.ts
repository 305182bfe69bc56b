// Peers and networks that disappear without a Close frame or FIN.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { accept_websocket, type CloseInfo, type Connection, createServer } from '../../src/index.ts'
import { startEcho } from '../support/echo-server.ts'
import { RawClient } from '../support/raw-client.ts'
import { startSilentProxy } from '../support/silent-proxy.ts'
import { until } from '../support/tick.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { frame } from '../support/wire.ts'
import { hostOf, openWs } from '../support/ws-client.ts'

const test = suite('rough ends', { timeLimit: 60_000 })

const IDLE_CLIENT = fileURLToPath(new URL('../support/idle-client.mjs', import.meta.url))

const closed = (connection: Connection): Promise<CloseInfo> =>
  new Promise((resolve) => {
    connection.onClose = resolve
  })

const codeOf = ({ error }: CloseInfo): string | undefined => (error as { code?: string } | undefined)?.code

/** Starts a peer in a separate process. It prints a line when it is open, and one for each ping that it answers. */
async function startPeer(t: TestContext, port: number): Promise<{ child: ChildProcess; lines: Interface }> {
  const child = spawn(process.execPath, [IDLE_CLIENT, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)
  await once(lines, 'line')
  return { child, lines }
}

test('terminates a peer whose process is stopped after an unanswered ping, with 1006 and the reason', async (t) => {
  const { port, connections } = await startEcho(t, { pingInterval: 200, pingTimeout: 10_000 })
  const { child, lines } = await startPeer(t, port)
  const [connection] = connections
  const end = closed(connection)
  // Its pongs keep it alive beyond both times.
  for (let pings = 0; pings < 12; pings++) await once(lines, 'line')
  assert.is(connection.state, 'open')
  child.kill('SIGSTOP')
  const info = await end
  assert.equal([info.code, info.initiator, info.wasClean], [1006, 'local', false])
  assert.is(codeOf(info), 'ERR_WS_KEEPALIVE')
  await connection.gone
})

test('terminates a half-open connection, on which no data arrives in either direction', async (t) => {
  const { port, connections } = await startEcho(t, { pingInterval: 200, pingTimeout: 300 })
  const proxy = await startSilentProxy(t, port)
  const client = await RawClient.open(proxy.port)
  const end = closed(connections[0])
  client.sendText('before')
  await client.receive(1)
  proxy.goSilent()
  client.sendText('lost')
  client.socket.end()
  const info = await end
  assert.equal([info.code, codeOf(info)], [1006, 'ERR_WS_KEEPALIVE'])
  await connections[0].gone
  client.socket.destroy()
})

test('reports a reset inside a frame with 1006 and the system’s error, and releases its memory', async (t) => {
  const { server, port, connections } = await startEcho(t)
  const client = await RawClient.open(port)
  const end = closed(connections[0])
  client.send(frame(1, 'whole'), frame(2, Buffer.alloc(500_000)).subarray(0, 300_000))
  await client.receive(1)
  await until(() => connections[0].memoryUsed >= 290_000)
  client.socket.resetAndDestroy()
  const info = await end
  assert.equal([info.code, info.initiator, codeOf(info)], [1006, 'transport', 'ERR_WS_TRANSPORT'])
  assert.match(info.error!.message, 'ECONNRESET')
  await connections[0].gone
  assert.equal([server.connections.size, server.stats().heldBytes], [0, 0])
})

test('reports an end inside a frame with 1006', async (t) => {
  const { port, connections } = await startEcho(t)
  const client = await RawClient.open(port)
  const end = closed(connections[0])
  client.send(frame(1, 'a whole message').subarray(0, 9))
  client.socket.end()
  const info = await end
  assert.equal([info.code, info.initiator, codeOf(info)], [1006, 'transport', 'ERR_WS_STREAM_ENDED'])
})

test('a view that never returns keeps neither its connection nor the shutdown', async (t) => {
  let running = 0
  const view = accept_websocket(async () => {
    running++
    await new Promise(() => {})
  })
  const server = createServer({ urls: { '/': view } })
  const host = hostOf(await server.listen())
  t.after(() => server.close())
  const leaver = await openWs(`ws://${host}/`)
  const stayer = await openWs(`ws://${host}/`)
  leaver.socket.close(1000)
  assert.is(await leaver.closed, '1000')
  await until(() => server.connections.size === 1)
  const stopped = await server.shutdown({ drain: 100, deadline: 5_000 })
  assert.equal(stopped, { clean: 1, unclean: 0, cut: 0 })
  assert.is(await stayer.closed, '1001')
  assert.is(running, 2)
})
