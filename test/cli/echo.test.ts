import { once } from 'node:events'
import { type ClientOptions, WebSocket } from 'ws'
import { echo } from '../../src/cli/echo.ts'
import { isUsageError } from '../../src/cli/usage.ts'
import { runCommand, sharedCommand, startCommand, startCommandWith } from '../support/command.ts'
import { assert, suite, type TestContext, thrownBy } from '../support/unit.ts'
import { openWs, refusedWs } from '../support/ws-client.ts'

const test = suite('cli/echo', { timeLimit: 60_000 })

const LIMIT = 16 * 1024 * 1024
/** Options of npm `ws` with a limit that is not reached. */
const stock: ClientOptions = { maxPayload: 2 * LIMIT }

/** Every way to run the server. A client must not notice a difference. */
const ways: { name: string; args: string[]; environment: Record<string, string> }[] = [
  { name: 'connection', args: ['--api', 'connection'], environment: {} },
  { name: 'session', args: ['--api', 'session'], environment: {} },
  { name: 'connection, portable', args: ['--api', 'connection'], environment: { DWEBSOCKET_PORTABLE: '1' } },
  { name: 'session, portable', args: ['--api', 'session'], environment: { DWEBSOCKET_PORTABLE: '1' } },
]

/** Returns bytes that repeat after a prime number of bytes, so that a shifted or twice unmasked echo differs. */
function pattern(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let i = 0; i < Math.min(size, 65_521); i++) bytes[i] = (i * 31 + 7) & 255
  for (let at = 65_521; at < size; at += 65_521) bytes.copy(bytes, at, 0, Math.min(65_521, size - at))
  return bytes
}

for (const { name, args, environment } of ways) {
  const start = (t: TestContext, ...more: string[]) =>
    startCommandWith(t, environment, 'echo', '--port', '0', ...args, ...more)
  const share = sharedCommand(test, environment, 'echo', '--port', '0', ...args)

  test(`${name}: echoes text and binary of every length form to npm ws`, async () => {
    const { address } = await share()
    const client = await openWs(address, [], stock)
    const texts = ['hello', '', 'hé ß € 😀', 'a'.repeat(125), 'b'.repeat(126), 'c'.repeat(65_535), '語'.repeat(21_846)]
    for (const message of texts) {
      client.send(message)
      assert.ok((await client.next()) === message, `text of ${message.length} characters`)
    }
    for (const size of [0, 1, 125, 126, 65_535, 65_536]) {
      const message = pattern(size)
      client.send(message)
      const echo = await client.next()
      assert.ok(Buffer.isBuffer(echo) && message.equals(echo), `${size} bytes`)
    }
    client.socket.close()
    assert.is(await client.closed, '1005')
  })

  test(`${name}: echoes 16 MiB and closes with 1009 for a byte more`, async () => {
    const { address } = await share()
    const client = await openWs(address, [], stock)
    const largest = pattern(LIMIT)
    client.send(largest)
    const echo = await client.next()
    assert.ok(Buffer.isBuffer(echo) && largest.equals(echo))
    client.send(pattern(LIMIT + 1))
    assert.is(await client.next(), null)
    assert.match(await client.closed, /^1009 /)
  })

  test(`${name}: joins fragments and answers pings between them`, async () => {
    const { address } = await share()
    const { socket, next } = await openWs(address, [], stock)
    socket.send('one, ', { fin: false })
    socket.ping('between')
    const [payload] = await once(socket, 'pong')
    assert.is(String(payload), 'between')
    socket.send('', { fin: false })
    socket.send('two', { fin: true })
    assert.is(await next(), 'one, two')
  })

  test(`${name}: answers plain HTTP with 426`, async () => {
    const { address } = await share()
    assert.is((await fetch(address.replace('ws:', 'http:'))).status, 426)
  })

  test(`${name}: answers a Close with its own code`, async () => {
    const { address } = await share()
    for (const [code, reason] of [
      [1000, ''],
      [1000, 'done'],
      [1001, 'away'],
      [3000, ''],
      [4999, 'é'.repeat(61)],
    ] as const) {
      const { socket, closed } = await openWs(address)
      socket.close(code, reason)
      assert.match(await closed, new RegExp(`^${code}\\b`))
    }
  })

  test(`${name}: echoes to a client that compresses, and does not with --no-deflate`, async (t) => {
    const message = 'compress me '.repeat(1000)
    const servers = [
      { ...(await share()), extensions: 'permessage-deflate' },
      { ...(await start(t, '--no-deflate')), extensions: '' },
    ]
    for (const { address, extensions } of servers) {
      const client = await openWs(address, [], { perMessageDeflate: true })
      assert.is(client.socket.extensions, extensions)
      client.send(message)
      assert.is(await client.next(), message)
    }
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${name}: closes with 1001 to every peer and exits with 0 on ${signal}`, async (t) => {
      const { address, stop } = await start(t)
      const clients = await Promise.all([1, 2, 3].map(() => openWs(address)))
      const exitCode = stop(signal)
      assert.equal(await Promise.all(clients.map(({ closed }) => closed)), ['1001', '1001', '1001'])
      assert.is(await exitCode, 0)
    })
  }
}

const share = sharedCommand(test, {}, 'echo', '--port', '0')

test('accepts every origin and every path', async () => {
  const { address } = await share()
  const { socket } = await openWs(`${address}/any/where?x=1`, [], { origin: 'https://elsewhere.example' })
  assert.is(socket.readyState, WebSocket.OPEN)
})

test('--max-message sets the longest message', async (t) => {
  const { address } = await startCommand(t, 'echo', '--port', '0', '--max-message', '10')
  const client = await openWs(address)
  client.send('0123456789')
  assert.is(await client.next(), '0123456789')
  client.send('0123456789x')
  assert.match(await client.closed, /^1009 /)
})

test('prints its address in one line', async () => {
  const { address } = await share()
  assert.match(address, /^ws:\/\/127\.0\.0\.1:[1-9]\d*$/)
})

test('rejects a version other than 13', async () => {
  const { address } = await share()
  const { status, headers } = await refusedWs(address, { protocolVersion: 8 })
  assert.equal([status, headers['sec-websocket-version']], [426, '13'])
})

const wrong: [args: string[], message: RegExp][] = [
  [['--port', '65536'], /option --port is '65536'; allowed: an integer from 0 to 65535/],
  [['--port', 'http'], /option --port is 'http'; allowed: an integer/],
  [['--port'], /--port/],
  [['--api', 'callback'], /option --api is 'callback'; allowed: 'connection', 'session'/],
  [['--max-message', '0'], /option --max-message is '0'; allowed: an integer from 1 to 2147483648/],
  [['--max-message', '1e6'], /option --max-message is '1e6'; allowed: an integer/],
  [['--fast'], /--fast/],
  [['more'], /more/],
]

for (const [args, message] of wrong) {
  test(`rejects: ${args.join(' ')}`, async () => {
    const error = await thrownBy(() => echo(args))
    assert.ok(isUsageError(error))
    assert.match(error.message, message)
    assert.is(error.message.split('\n').length, 1)
  })
}

test('exits with 2 for wrong arguments, with one line on standard error', async () => {
  for (const [args, message] of [wrong[0], wrong[wrong.length - 1]]) {
    const { exitCode, stdout, stderr } = await runCommand('echo', ...args)
    assert.is(exitCode, 2)
    assert.is(stdout, '')
    assert.match(stderr, message)
    assert.is(stderr.trim().split('\n').length, 1)
  }
})

test('reports that a port is in use, and exits with 2', async () => {
  const { address } = await share()
  const { port } = new URL(address)
  const { exitCode, stderr } = await runCommand('echo', '--port', port)
  assert.is(exitCode, 2)
  assert.is(stderr, `dwebsocket: 127.0.0.1:${port} is in use by another program; --port 0 picks a free port\n`)
})

test('reports that an address does not belong to this machine, and exits with 2', async () => {
  const { exitCode, stderr } = await runCommand('echo', '--port', '0', '--host', '192.0.2.1')
  assert.is(exitCode, 2)
  assert.match(stderr, /^dwebsocket: cannot listen on 192\.0\.2\.1:0: .*EADDRNOTAVAIL.*\n$/)
})

test('lists its options with --help', async () => {
  const { exitCode, stdout } = await runCommand('echo', '--help')
  assert.is(exitCode, 0)
  for (const option of ['--port', '--host', '--api', '--max-message', '--no-deflate'])
    assert.ok(stdout.includes(option))
})
