import { accepts, findFreePort, ServerProcess } from '../../../src/conformance/run/process.ts'
import { assert, suite, type TestContext } from '../../support/unit.ts'

const test = suite('conformance/run/process')

/** A server that prints, listens, and dies at the first bytes that it receives. */
const MORTAL = `require("net").createServer((s) => s.on("data", () => { console.error("last words"); process.exit(3) })).listen({port})`

async function startProcess(t: TestContext, script: string): Promise<ServerProcess> {
  const child = new ServerProcess(`node -e '${script}'`, await findFreePort())
  t.after(() => child.stop())
  return child
}

test('starts a server on its port and ends it with all it started', async (t) => {
  const child = await startProcess(t, MORTAL)
  assert.is(await child.start(), true)
  assert.is(await accepts(child.port), true)
  await child.stop()
  assert.is(await accepts(child.port), false)
  assert.is(child.crashTimes.length, 0)
})

test('counts a crash, retains the output of the process that crashed and restarts the server', async (t) => {
  const child = await startProcess(t, MORTAL)
  await child.start()
  const response = await fetch(`http://127.0.0.1:${child.port}/`).catch(() => null)
  assert.is(response, null)
  assert.is(await child.revive(async () => false, 30_000), true)
  assert.equal([child.crashTimes.length, child.hangTimes.length], [1, 0])
  assert.match(child.lastWords, 'last words')
  assert.is(child.output, '')
  assert.is(await accepts(child.port), true)
})

test('a process that serves nothing is restarted, which is recorded', async (t) => {
  const child = await startProcess(t, MORTAL)
  await child.start()
  assert.is(await child.revive(async () => true, 0), true)
  assert.is(child.hangTimes.length, 0)
  assert.is(await child.revive(async () => false, 0), true)
  assert.equal([child.hangTimes.length, child.crashTimes.length], [1, 0])
})

test('a command that ends at once does not start', async (t) => {
  const child = await startProcess(t, 'console.error("no such file")')
  assert.is(await child.start(), false)
  assert.match(child.output, 'no such file')
})

test('a free port is not one that the system assigns to a connection or to port 0', async () => {
  const port = await findFreePort()
  assert.ok(port >= 20_000 && port < 32_000)
  assert.is(await accepts(port), false)
})
