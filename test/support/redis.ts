import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { redisServer } from './need.ts'
import type { TestContext } from './unit.ts'

/** A redis-server of the test's own, on a free port of the loopback, without persistence. */
export interface RedisServer {
  readonly url: string
  readonly port: number
  /** Kills it as a crash does; nothing is kept. */
  kill(): Promise<void>
  /** Starts it again on the same port, empty. */
  restart(): Promise<void>
}

/** Starts a redis-server that ends with the test. */
export async function startRedis(t: TestContext): Promise<RedisServer> {
  const port = await findPort()
  const folder = mkdtempSync(join(tmpdir(), 'dwebsocket-redis-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  let child = await startOn(port, folder)
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  t.after(kill)
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill,
    restart: async () => {
      child = await startOn(port, folder)
    },
  }
}

async function startOn(port: number, folder: string): Promise<ChildProcess> {
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  const child = spawn(redisServer.path, options, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  for await (const text of child.stdout.setEncoding('utf8')) {
    output += text
    if (output.includes('Ready to accept connections')) break
  }
  if (!output.includes('Ready to accept connections')) throw new Error(`redis-server did not start:\n${output}`)
  await answersPing(port)
  return child
}

/** `for await` closes the pipe when it is left; only Redis itself tells that it goes on without it. */
async function answersPing(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.end('PING\r\n')
  const [answer] = await once(socket, 'data')
  socket.destroy()
  if (!String(answer).startsWith('+PONG')) throw new Error(`redis-server answered ${answer}`)
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port was given')
  return address.port
}
