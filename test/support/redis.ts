import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { redisServer } from './need.ts'
import { reservePort } from './reserved-port.ts'
import { until } from './tick.ts'
import type { TestContext } from './unit.ts'

/** A redis-server for one test, on a separate port of the loopback, without persistence. */
export interface RedisServer {
  readonly url: string
  readonly port: number
  /** Runs a Redis command. */
  run(...words: string[]): Promise<unknown>
  /** Kills the server, as in a crash. Nothing is stored. */
  kill(): Promise<void>
  /** Starts the server again on the same port, without data. */
  restart(): Promise<void>
  /** Suspends the server. Until `goOn` it accepts connections but does not reply. */
  stop(): void
  goOn(): void
}

/** Starts a redis-server until the test ends. */
export async function startRedis(t: TestContext, ...options: string[]): Promise<RedisServer> {
  const port = await reservePort(t)
  const folder = mkdtempSync(join(tmpdir(), 'dwebsocket-redis-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const start = () => startOn(port, ['--save', '', '--appendonly', 'no', '--dir', folder, ...options])
  let child = await start()
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  t.after(kill)
  const url = `redis://127.0.0.1:${port}`
  return {
    url,
    port,
    kill,
    run: (...words) => runCommand(url, words),
    restart: async () => {
      child = await start()
    },
    stop: () => child.kill('SIGSTOP'),
    goOn: () => child.kill('SIGCONT'),
  }
}

/** Starts a Redis Cluster of three nodes without replicas, until the test ends. */
export async function startRedisCluster(t: TestContext): Promise<RedisServer[]> {
  const nodes = await Promise.all(
    [0, 1, 2].map(async () => {
      const options = ['--cluster-enabled', 'yes', '--cluster-port', String(await reservePort(t))]
      return startRedis(t, ...options, '--cluster-node-timeout', '10000')
    }),
  )
  const third = Math.ceil(SLOTS / nodes.length)
  for (const [index, { run }] of nodes.entries()) {
    await run('CLUSTER', 'ADDSLOTSRANGE', String(index * third), String(Math.min((index + 1) * third, SLOTS) - 1))
    const port = nodes[0].port
    const bus = String(/@(\d+)/.exec(String(await nodes[0].run('CLUSTER', 'NODES')))?.[1])
    if (index > 0) await run('CLUSTER', 'MEET', '127.0.0.1', String(port), bus)
  }
  for (const { run } of nodes) {
    await until(async () => {
      const info = String(await run('CLUSTER', 'INFO'))
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${nodes.length}`)
    })
  }
  return nodes
}

const SLOTS = 16_384

/** Starts a primary, its replica, and a sentinel that watches both under the name `main`, until the test ends. */
export async function startRedisSentinel(t: TestContext) {
  const primary = await startRedis(t)
  const replica = await startRedis(t, '--replicaof', `127.0.0.1 ${primary.port}`)
  const folder = mkdtempSync(join(tmpdir(), 'dwebsocket-sentinel-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const config = join(folder, 'sentinel.conf')
  const lines = [
    `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
    'sentinel down-after-milliseconds main 300',
    'sentinel failover-timeout main 2000',
  ]
  writeFileSync(config, `${lines.join('\n')}\n`)
  const port = await reservePort(t)
  const child = await startOn(port, ['--dir', folder], [config, '--sentinel'])
  t.after(async () => {
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  })
  const run = (...words: string[]) => runCommand(`redis://127.0.0.1:${port}`, words)
  // A sentinel that did not run for two seconds waits 30 seconds before it acts (TILT). Redis before 7 cannot change that.
  await run('SENTINEL', 'DEBUG', 'TILT-TRIGGER', '60000', 'TILT-PERIOD', '1000').catch(() => {})
  await until(async () => String(await run('SENTINEL', 'REPLICAS', 'main')).includes(String(replica.port)))
  return { primary, replica, sentinel: { host: '127.0.0.1', port } }
}

/** Runs a command on a new connection. Tests do this often, and the client of ioredis is the one that starts fast. */
async function runCommand(url: string, [command, ...words]: readonly string[]): Promise<unknown> {
  const client = new Redis(url, { enableReadyCheck: false, maxRetriesPerRequest: null })
  client.on('error', () => {})
  try {
    return await client.call(command, words)
  } finally {
    client.disconnect()
  }
}

async function startOn(port: number, options: readonly string[], mode: readonly string[] = []): Promise<ChildProcess> {
  const words = [...mode, '--port', String(port), '--bind', '127.0.0.1', ...options]
  const child = spawn(redisServer.path, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  const isReady = (): boolean => /Ready to accept connections|Sentinel ID is/.test(output)
  for await (const text of child.stdout.setEncoding('utf8')) {
    output += text
    if (isReady()) break
  }
  if (!isReady()) throw new Error(`redis-server did not start:\n${output}`)
  await answersPing(port)
  return child
}

/**
 * Checks that Redis still runs. `for await` closes the pipe of the output when it ends, so only a reply proves this.
 */
async function answersPing(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.end('PING\r\n')
  const [answer] = await once(socket, 'data')
  socket.destroy()
  if (!String(answer).startsWith('+PONG')) throw new Error(`redis-server answered ${answer}`)
}
