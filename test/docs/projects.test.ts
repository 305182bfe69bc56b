import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { dependenciesIn, testWith } from '../support/need.ts'
import { matchLine } from '../support/output.ts'
import { compile } from '../support/typescript.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { fetchPlain, openWs } from '../support/ws-client.ts'

/* Examples with more than one program. Each example runs in its folder as a separate process, with the built package. */

/** The time limit is for Next.js, which compiles its first page, on a busy machine. */
const test = suite('examples that are projects', { timeLimit: 180_000 })
const folderOf = (name: string): string => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))

const nestjs = dependenciesIn('examples/nestjs')
const next = dependenciesIn('examples/next')

/** A running example. */
interface Project {
  readonly port: string
  /** Sends SIGTERM and resolves to the exit code once the process has ended. */
  stop(): Promise<number | null>
}

/** Starts an example on a free port and waits for its address. It ends with the test. */
async function startProject(t: TestContext, name: string, ...words: string[]): Promise<Project> {
  const env = { ...process.env, PORT: '0', NEXT_TELEMETRY_DISABLED: '1' }
  const child = spawn(process.execPath, words, { cwd: folderOf(name), env, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const stop = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal)
    return (await exited)[0]
  }
  t.after(() => stop('SIGKILL'))
  const [, port] = await matchLine(child.stdout, /^listening on http:.*:(\d+)$/, `examples/${name}`)
  return { port, stop: () => stop('SIGTERM') }
}

testWith(test, nestjs)('NestJS: the example satisfies the compiler', async () => {
  await compile('-p', folderOf('nestjs'))
})

testWith(test, nestjs)(
  'NestJS: a provider serves WebSockets beside the controllers, and stops with the app',
  async (t) => {
    const { port, stop } = await startProject(t, 'nestjs', '--import', 'tsx', 'server.ts')
    assert.is((await fetchPlain(`http://127.0.0.1:${port}/`)).body, 'hello')
    const client = await openWs(`ws://127.0.0.1:${port}/echo/tea`)
    client.send('hi')
    assert.is(await client.next(), 'tea: hi')
    const exited = stop()
    assert.is(await client.closed, '1001')
    await exited
  },
)

testWith(test, next)('Next.js: serves pages, WebSockets, and hot reload on one port', async (t) => {
  const { port } = await startProject(t, 'next', 'server.js')
  const { status, body } = await fetchPlain(`http://127.0.0.1:${port}/`)
  assert.is(status, 200, body)
  assert.match(body, 'Say hello')
  const client = await openWs(`ws://127.0.0.1:${port}/echo/tea`)
  client.send('hi')
  assert.is(await client.next(), 'tea: hi')
  const reload = await openWs(`ws://127.0.0.1:${port}/_next/hmr`)
  assert.ok(await reload.next())
})
