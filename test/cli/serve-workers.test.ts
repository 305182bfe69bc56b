import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { MAIN, startCommand } from '../support/command.ts'
import { redisServer, testWith } from '../support/need.ts'
import { startRedis } from '../support/redis.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { openWs, type WsClient } from '../support/ws-client.ts'

const test = suite('cli/serve --workers, --redis', { timeLimit: 60_000 })

/** Opens the broadcast demo. Resolves to the client and its number. */
async function openVisitor(t: TestContext, address: string): Promise<{ client: WsClient; number: number }> {
  const client = await openWs(`${address.replace('http', 'ws')}/broadcast`)
  t.after(() => client.socket.terminate())
  return { client, number: JSON.parse(String(await client.next())).you }
}

/** Reads up to an event that has `key`, with `value` when one is given. */
async function eventWith(client: WsClient, key: string, value?: unknown): Promise<Record<string, unknown>> {
  for (;;) {
    const event = JSON.parse(String(await client.next()))
    if (event === null) throw new Error('the server has closed')
    if (key in event && (value === undefined || event[key] === value)) return event
  }
}

/** Runs a command that must fail. Resolves to its exit code and its standard error. */
async function runFailing(t: TestContext, ...args: string[]): Promise<[number | null, string]> {
  const child = spawn(process.execPath, [MAIN, 'serve', ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  t.after(() => child.kill('SIGKILL'))
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text
  })
  const [exitCode] = await once(child, 'close')
  return [exitCode, errors]
}

test('--workers serves one site with several processes: their visitors meet and have different numbers', async (t) => {
  const { address, stop } = await startCommand(t, 'serve', '--port', '0', '--workers', '3')
  const visitors = await Promise.all(Array.from({ length: 6 }, () => openVisitor(t, address)))
  assert.is(new Set(visitors.map(({ number }) => number)).size, 6)
  for (const { client } of visitors) await eventWith(client, 'people', 6)
  visitors[0].client.send('is anybody here?')
  for (const { client } of visitors) {
    const { from, text } = await eventWith(client, 'text')
    assert.equal([from, text], [visitors[0].number, 'is anybody here?'])
  }
  assert.is(await stop(), 0)
  for (const { client } of visitors) assert.match(await client.closed, /^1001/)
})

testWith(test, redisServer)('--redis joins servers that know nothing else of each other', async (t) => {
  const redis = await startRedis(t)
  const servers = await Promise.all(
    [['--workers', '2'], []].map((args) => startCommand(t, 'serve', '--port', '0', '--redis', redis.url, ...args)),
  )
  const visitors = await Promise.all(servers.map(({ address }) => openVisitor(t, address)))
  for (const { client } of visitors) await eventWith(client, 'people', 2)
  visitors[1].client.send('hello there')
  for (const { client } of visitors) assert.is((await eventWith(client, 'text')).text, 'hello there')
  for (const { stop } of servers) assert.is(await stop(), 0)
})

test('reports an unreachable Redis and an invalid number of workers', async (t) => {
  const [redisCode, redisErrors] = await runFailing(t, '--redis', 'redis://127.0.0.1:1')
  assert.is(redisCode, 2)
  assert.match(redisErrors, '--redis redis://127.0.0.1:1:')
  for (const count of ['0', '257', 'two']) {
    const [exitCode, errors] = await runFailing(t, '--workers', count)
    assert.is(exitCode, 2)
    assert.match(errors, `option --workers is '${count}'; allowed: an integer from 1 to 256`)
  }
})

test('ends when its workers cannot start', async (t) => {
  const { address } = await startCommand(t, 'serve', '--port', '0')
  const [exitCode, errors] = await runFailing(t, '--workers', '2', '--port', new URL(address).port)
  assert.is(exitCode, 2)
  assert.match(errors, 'is in use by another program')
})
