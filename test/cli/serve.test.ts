import { runCommand, sharedCommand, startCommand } from '../support/command.ts'
import { assert, suite } from '../support/unit.ts'
import { fetchPlain, openWs, refusedWs } from '../support/ws-client.ts'

const test = suite('cli/serve', { timeLimit: 60_000 })
const share = sharedCommand(test, {}, 'serve', '--port', '0')

test('serves the demos and every page they link to', async () => {
  const { address } = await share()
  assert.match(address, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/)
  const { status, headers, body } = await fetchPlain(`${address}/`)
  assert.is(status, 200)
  assert.match(headers['content-type'] ?? '', /^text\/html/)
  const links = [...body.matchAll(/href="(\/[^"]*)"/g)].map((match) => match[1])
  for (const demo of ['/echo', '/push', '/notice', '/broadcast']) assert.ok(links.includes(demo), demo)
  for (const link of links) assert.is((await fetchPlain(address + link)).status, 200, link)
})

test('the echo view responds to a GET with its message', async () => {
  const { address } = await share()
  assert.is((await fetchPlain(`${address}/echo?message=hi`)).body, 'hi')
})

test('echoes to its own pages and rejects those of another site', async () => {
  const { address } = await share()
  const url = `${address.replace('http:', 'ws:')}/echo`
  const client = await openWs(url, [], { origin: address, perMessageDeflate: true })
  assert.is(client.socket.extensions, 'permessage-deflate')
  client.send('hello')
  assert.is(await client.next(), 'hello')
  const refused = await refusedWs(url, { origin: 'https://elsewhere.example' })
  assert.is(refused.status, 403)
  assert.match(refused.body, /https:\/\/elsewhere\.example.*option origins/)
})

test('declines permessage-deflate with --no-deflate', async (t) => {
  const { address } = await startCommand(t, 'serve', '--port', '0', '--no-deflate')
  const client = await openWs(`${address.replace('http:', 'ws:')}/echo`, [], { perMessageDeflate: true })
  assert.is(client.socket.extensions, '')
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`closes with 1001 to every visitor and exits with 0 on ${signal}`, async (t) => {
    const { address, stop } = await startCommand(t, 'serve', '--port', '0')
    const base = address.replace('http:', 'ws:')
    const clients = await Promise.all(['/echo', '/push', '/notice', '/broadcast'].map((path) => openWs(base + path)))
    const exitCode = stop(signal)
    assert.equal(await Promise.all(clients.map(({ closed }) => closed)), ['1001', '1001', '1001', '1001'])
    assert.is(await exitCode, 0)
  })
}

test('exits with 2 for wrong arguments', async () => {
  for (const args of [['--port', '-1'], ['--api', 'session'], ['elsewhere']]) {
    const { exitCode, stderr } = await runCommand('serve', ...args)
    assert.is(exitCode, 2, args.join(' '))
    assert.match(stderr, /^dwebsocket: /)
  }
})

test('reports that a port is in use, and exits with 2', async () => {
  const { address } = await share()
  const { exitCode, stderr } = await runCommand('serve', '--port', new URL(address).port)
  assert.is(exitCode, 2)
  assert.match(stderr, /is in use by another program/)
})

test('lists its options with --help', async () => {
  const { exitCode, stdout } = await runCommand('serve', '--help')
  assert.is(exitCode, 0)
  for (const option of ['--port', '--host', '--no-deflate']) assert.ok(stdout.includes(option))
})
