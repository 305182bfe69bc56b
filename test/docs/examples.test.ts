import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createClient } from 'redis'
import { readDocuments } from '../../docs/make/documents.ts'
import { connect } from '../../src/index.ts'
import { readExample, runProgram } from '../support/documents.ts'
import { redisServer, testWith } from '../support/need.ts'
import { startRedis } from '../support/redis.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { fetchPlain, openWs, refusedWs } from '../support/ws-client.ts'

const test = suite('examples')
const root = new URL('../../', import.meta.url)
const run = promisify(execFile)

/** Runs the server of an example. */
async function start(t: TestContext, name: string): Promise<{ http: string; ws: string }> {
  const http = await runProgram(t, readExample(`${name}/server.js`))
  return { http, ws: http.replace('http:', 'ws:') }
}

test('each has a program, and a document shows each of its files', () => {
  const shown = readDocuments()
    .map(({ text }) => text)
    .join('\n')
  for (const file of filesOf('examples')) assert.ok(shown.includes(`<!-- ${file} -->`), file)
})

test('each is in the list of examples', () => {
  const list = readFileSync(new URL('examples/README.md', root), 'utf8')
  const folders = readdirSync(new URL('examples', root), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  for (const { name } of folders) assert.ok(list.includes(`\`${name}\``), name)
})

/** Files that every project of this kind has, and that no page must show. */
const UNSHOWN = /\.(?:txt|html)$|^(?:README\.md|package(?:-lock)?\.json|tsconfig\.json|layout\.js|node_modules|\.next)$/

/** Returns the files in a folder of the repository that a page must show. */
function filesOf(folder: string): string[] {
  return readdirSync(new URL(folder, root), { withFileTypes: true })
    .filter(({ name }) => !UNSHOWN.test(name))
    .flatMap((entry) => (entry.isDirectory() ? filesOf(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]))
}

test('echo: answers over WebSocket and over plain HTTP', async (t) => {
  const { http, ws } = await start(t, 'echo')
  assert.is((await fetchPlain(`${http}/echo`)).body, 'this is plain HTTP')
  const client = await openWs(`${ws}/echo`)
  client.send('hello')
  assert.is(await client.next(), 'hello')
})

test('dwebsocket: echoes once, echoes, converts, and broadcasts', async (t) => {
  const { http, ws } = await start(t, 'dwebsocket')
  assert.is((await fetchPlain(`${http}/echo?message=Hi`)).body, 'Hi')
  assert.is((await fetchPlain(`${http}/lower_case?message=Hi`)).body, 'hi')
  for (const [path, reply] of [
    ['echo_once', 'Hi'],
    ['echo', 'Hi'],
    ['lower_case', 'hi'],
    ['broadcast', 'Hi'],
  ]) {
    const client = await openWs(`${ws}/${path}`)
    client.send('Hi')
    assert.is(await client.next(), reply, path)
    if (path === 'echo_once') assert.is(await client.closed, '1000')
  }
})

test('push: sends the time until the client leaves', async (t) => {
  const { ws } = await start(t, 'push')
  const client = await openWs(`${ws}/push`)
  assert.match(String(await client.next()), /^\d{4}-\d\d-\d\dT/)
  client.socket.close()
  await client.closed
})

test('notice: only the operator can send, and every visitor receives', async (t) => {
  const { ws } = await start(t, 'notice')
  assert.is((await refusedWs(`${ws}/operator?token=wrong`)).status, 401)
  const visitor = await openWs(`${ws}/notice`)
  const operator = await openWs(`${ws}/operator?token=only%20for%20this%20example`)
  operator.send('closing at ten')
  assert.is(await operator.next(), 'sent to 1 visitors')
  assert.is(await visitor.next(), 'closing at ten')
})

test('broadcast: every client gets every message', async (t) => {
  const { ws } = await start(t, 'broadcast')
  const [one, two] = [await openWs(`${ws}/broadcast`), await openWs(`${ws}/broadcast`)]
  one.send('hello')
  assert.equal([await one.next(), await two.next()], ['hello', 'hello'])
})

test('chat: delivers to the names behind the tokens', async (t) => {
  const { ws } = await start(t, 'chat')
  assert.is((await refusedWs(`${ws}/chat`)).status, 401)
  const ann = await openWs(`${ws}/chat?token=token-of-ann`)
  ann.send('@bob hi')
  assert.is(await ann.next(), 'bob is not here')
  const bob = await openWs(`${ws}/chat?token=token-of-bob`)
  bob.send('hi')
  assert.is(await bob.next(), 'write “@name text”')
  ann.send('@bob hi')
  assert.is(await bob.next(), 'ann: hi')
})

test('heartbeat: answers pings', async (t) => {
  const { ws } = await start(t, 'heartbeat')
  const client = await openWs(`${ws}/live`)
  client.send('ping')
  assert.is(await client.next(), 'pong')
})

test('tail: sends what is appended to the file', async (t) => {
  const { file, address } = await startTail(t)
  const client = await openWs(`${address}/tail`)
  // The view reads the size of the file after the 101. What is appended after that arrives.
  const appending = setInterval(() => appendFileSync(file, 'größer\n'), 50)
  t.after(() => clearInterval(appending))
  assert.match(String(await client.next()), /größer\n/)
})

/** Starts the example that follows a file, with a new file outside of the repository. */
async function startTail(t: TestContext): Promise<{ file: string; address: string }> {
  const example = readExample('tail/server.js')
  const folder = mkdtempSync(join(tmpdir(), 'tail-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'lines.txt')
  writeFileSync(file, 'the first line\n')
  const code = example.code.replace("new URL('lines.txt', import.meta.url)", JSON.stringify(file))
  const http = await runProgram(t, { ...example, code })
  return { file, address: http.replace('http:', 'ws:') }
}

test('upload: hashes a message of 8 MB in fragments, and sends 100,000 lines as one', async (t) => {
  const { ws } = await start(t, 'upload')
  const client = await openWs(`${ws}/upload`)
  const part = Buffer.alloc(80_000, 'part')
  const hash = createHash('sha256')
  for (let count = 1; count <= 100; count++) {
    client.socket.send(part, { fin: count === 100 })
    hash.update(part)
  }
  assert.is(await client.next(), hash.digest('hex'))
  const lines = String(await (await openWs(`${ws}/download`)).next()).split('\n')
  assert.equal([lines.length, lines[0], lines.at(-2)], [100_001, '1', '100000'])
})

test('express: the app’s authentication decides before the 101', async (t) => {
  const { http, ws } = await start(t, 'express')
  assert.is((await fetchPlain(`${http}/`)).status, 401)
  assert.is((await refusedWs(`${ws}/echo/tea`)).status, 401)
  const client = await openWs(`${ws}/echo/tea`, [], { headers: { authorization: 'Bearer ann' } })
  client.send('hi')
  assert.is(await client.next(), 'ann in tea: hi')
})

test('polka: serves the time over both', async (t) => {
  const { http, ws } = await start(t, 'polka')
  assert.match((await fetchPlain(`${http}/time/UTC`)).body, /^\d+:\d\d:\d\d/)
  assert.match(String(await (await openWs(`${ws}/time/UTC`)).next()), /^\d+:\d\d:\d\d/)
})

for (const name of ['http', 'koa', 'hono', 'fastify']) {
  test(`${name}: serves its pages, and WebSockets beside them`, async (t) => {
    const { http, ws } = await start(t, name)
    assert.is((await fetchPlain(`${http}/`)).body, 'hello')
    const client = await openWs(`${ws}/echo/tea`)
    client.send('hi')
    assert.is(await client.next(), 'tea: hi')
    assert.is((await refusedWs(`${ws}/nothing`)).status, 404)
  })
}

test('https: serves WebSockets over TLS', async (t) => {
  const { http } = await start(t, 'https')
  const client = await openWs(`${http.replace('http:', 'wss:')}/echo/tea`, [], { rejectUnauthorized: false })
  client.send('hi')
  assert.is(await client.next(), 'tea: hi')
})

test('http2: serves WebSockets over both versions', async (t) => {
  const { ws } = await start(t, 'http2')
  for (const options of [{ http2: true }, {}]) {
    const client = await connect(`${ws.replace('ws:', 'wss:')}/echo/tea`, {
      ...options,
      tls: { rejectUnauthorized: false },
    })
    const reply = new Promise((resolve) => {
      client.onMessage = resolve
    })
    client.send('hi')
    assert.is(await reply, options.http2 ? '2.0 tea: hi' : '1.1 tea: hi')
    client.terminate()
  }
})

test('cookies: a login is needed before the 101', async (t) => {
  const { http, ws } = await start(t, 'cookies')
  const refusal = await refusedWs(`${ws}/greet`)
  assert.equal([refusal.status, refusal.body], [401, 'log in first\n'])
  const { headers } = await fetchPlain(`${http}/login?name=ann`)
  const cookie = String(headers['set-cookie']?.[0]).split(';')[0]
  const client = await openWs(`${ws}/greet`, [], { headers: { cookie } })
  client.send('hi')
  assert.is(await client.next(), 'ann: hi')
})

test('from-ws: passes messages to all others', async (t) => {
  const { ws } = await start(t, 'from-ws')
  const [one, two] = [await openWs(ws), await openWs(ws)]
  assert.equal([await one.next(), await two.next()], ['hello', 'hello'])
  one.send('hi')
  assert.is(await two.next(), 'hi')
})

test('from-socketio: has events, rooms and acknowledgments', async (t) => {
  const { ws } = await start(t, 'from-socketio')
  const [one, two] = [await openWs(`${ws}/chat/tea`), await openWs(`${ws}/chat/tea`)]
  // The acknowledgment shows that the second client has joined.
  two.send(JSON.stringify({ event: 'here', id: 1 }))
  assert.equal(JSON.parse(String(await two.next())), { event: 'ack', id: 1 })
  one.send(JSON.stringify({ event: 'message', data: 'hi', id: 7 }))
  assert.equal(JSON.parse(String(await one.next())), { event: 'ack', id: 7 })
  assert.equal(JSON.parse(String(await two.next())), { event: 'message', data: 'hi' })
})

test('browser-client: serves the page, the client, and a room with history', async (t) => {
  const { http, ws } = await start(t, 'browser-client')
  assert.match((await fetchPlain(`${http}/`)).body, 'ReconnectingWebSocket')
  assert.match((await fetchPlain(`${http}/client.js`)).body, 'ReconnectingWebSocket')
  const client = await openWs(`${ws}/chat/tea`)
  assert.is(JSON.parse(String(await client.next())).joined, true)
  client.send('ping')
  assert.is(await client.next(), 'pong')
  client.send('hi')
  assert.is(JSON.parse(String(await client.next())).data, 'hi')
})

test('metrics: serves figures for Prometheus', async (t) => {
  const { http } = await start(t, 'metrics')
  assert.match((await fetchPlain(`${http}/metrics`)).body, /^dwebsocket_connections 0$/m)
  assert.is((await refusedWs(`${http.replace('http:', 'ws:')}/nothing`)).status, 404)
  assert.is(JSON.parse((await fetchPlain(`${http}/refusals`)).body).ERR_WS_NOT_FOUND, 1)
})

testWith(test, redisServer)('redis: a message crosses from one server to another', async (t) => {
  const { url } = await startRedis(t)
  const example = readExample('redis/server.js')
  // The clients of the example stay open as long as its process, which here means until the test ends.
  const code = example.code
    .replace("process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'", JSON.stringify(url))
    .replace('createClient(', 'globalThis.createRedisClient(')
  const clients: { destroy(): void }[] = []
  t.after(() => {
    for (const client of clients) client.destroy()
  })
  Object.assign(globalThis, {
    createRedisClient(options: object) {
      const client = createClient(options).on('error', () => {})
      clients.push(client)
      return client
    },
  })
  const [one, two] = await Promise.all([runProgram(t, { ...example, code }), runProgram(t, { ...example, code })])
  const sender = await openWs(`${one.replace('http:', 'ws:')}/chat/tea`)
  const receiver = await openWs(`${two.replace('http:', 'ws:')}/chat/tea`)
  // The receiver joins once Redis has replied. What is sent after that arrives.
  const sending = setInterval(() => sender.send('hi'), 20)
  t.after(() => clearInterval(sending))
  assert.is(await receiver.next(), 'hi')
})

test('testing: the test of the guide passes under node --test', async () => {
  const { stdout } = await run(
    process.execPath,
    ['--test', fileURLToPath(new URL('examples/testing/echo.test.js', root))],
    {
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    },
  )
  assert.match(stdout, /pass 1/)
})
