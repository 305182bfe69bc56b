import diagnostics from 'node:diagnostics_channel'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { handshakeRequest } from '../../../bench/load/handshake.ts'
import { echoScript } from '../../../bench/load/script.ts'
import { choosePinning } from '../../../bench/measure/pinning.ts'
import { planRow } from '../../../bench/measure/row-plan.ts'
import { type Connection, createServer } from '../../../src/index.ts'
import { assert, suite, type TestContext } from '../../support/unit.ts'

/*
 * Guards against regressions: what makes the server fast is counted, or compared with ws in the same run by processor
 * time. Nothing depends on how fast or how busy the machine is.
 */
const test = suite('bench guard', { timeLimit: 120_000 })

const BURST = 64

/** Imports a module of the built benchmark. Its processes start sooner than those of the sources. */
const importBuilt = (name: string) => import(new URL(`../../../dist/bench/measure/${name}.js`, import.meta.url).href)

/** Counts the writes that reach the operating system on every socket that a server accepts from now on. */
function countWrites(t: TestContext): { writes: number } {
  const counter = { writes: 0 }
  const onSocket = (message: unknown): void => {
    const { socket } = message as { socket: Socket & { _handle: Record<string, (...args: unknown[]) => unknown> } }
    const handle = socket._handle
    for (const name of ['writeBuffer', 'writev', 'writeLatin1String', 'writeUtf8String', 'writeAsciiString']) {
      const write = handle[name]
      handle[name] = function (...args: unknown[]) {
        counter.writes++
        return write.apply(this, args)
      }
    }
  }
  diagnostics.subscribe('net.server.socket', onSocket)
  t.after(() => diagnostics.unsubscribe('net.server.socket', onSocket))
  return counter
}

/** Sends a burst in one write. Resolves to the number of writes of its echo. */
async function writesOfBurst(t: TestContext, serve: (connection: Connection) => void): Promise<number> {
  const counter = countWrites(t)
  const server = createServer()
  server.onConnection = serve
  const { port } = (await server.listen(0)) as AddressInfo
  t.after(() => server.close())
  const client = connect(port, '127.0.0.1')
  t.after(() => client.destroy())
  const { request } = handshakeRequest({ host: '127.0.0.1', port, path: '/', tls: false, http2: false })
  client.write(request)
  await new Promise((resolve) => client.once('data', resolve))
  counter.writes = 0
  const { burst, expected } = echoScript('binary', 100, BURST)
  client.write(burst)
  await new Promise<void>((resolve) => {
    let received = 0
    client.on('data', (bytes) => {
      received += bytes.length
      if (received === expected.bytes.length) resolve()
    })
  })
  return counter.writes
}

test('answers a burst of 64 messages with one write', async (t) => {
  const writes = await writesOfBurst(t, (connection) => {
    connection.onMessage = (data) => void connection.send(data)
  })
  assert.is(writes, 1)
})

test('gathers replies that are sent from promises, too', async (t) => {
  const writes = await writesOfBurst(t, (connection) => {
    connection.onMessage = (data) => void Promise.resolve().then(() => connection.send(data))
  })
  assert.ok(writes <= 2, `${writes} writes`)
})

/**
 * Resolves to the processor time of ws for the same bursts, as a multiple of that of this library, each in its best
 * round.
 */
async function ratioToWs(): Promise<number> {
  const { startKnownServer }: typeof import('../../../bench/measure/known-server.ts') =
    await importBuilt('known-server')
  const { measureRow }: typeof import('../../../bench/measure/measure-row.ts') = await importBuilt('measure-row')
  const pinning = choosePinning()
  const pace = { warmupMs: 500, durationMs: 250, rounds: 6 }
  const workload = { scenario: 'echo' as const, size: 128, connections: 32, depth: BURST }
  const row = planRow({ id: 'guard', title: 'guard', peers: ['dwebsocket', 'ws'], workload }, pace)
  const { peers, warnings } = await measureRow(row, {
    rounds: pace.rounds,
    pinning,
    progress: () => {},
    start: (name, settings) => startKnownServer(name, settings, pinning?.server),
  })
  assert.is(peers.length, 2, warnings.join('\n'))
  // A disturbance only adds to the cost of a round, so the best round says most about the code.
  const [own, ws] = peers.map((peer) => Math.min(...peer.rounds.map((round) => round.cost ?? Number.NaN)))
  return ws / own
}

test('costs at most a fifth of ws per message in bursts', async () => {
  const ratio = await ratioToWs()
  assert.ok(ratio >= 5, `ws costs ${ratio.toFixed(1)} times as much, at least 5 are wanted`)
})
