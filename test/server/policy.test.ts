import type { IncomingMessage } from 'node:http'
import {
  type AuthorizeRequest,
  createServer,
  type Refusal,
  require_websocket,
  WebSocketServer,
} from '../../src/index.ts'
import { RawClient } from '../support/raw-client.ts'
import { runServer } from '../support/running-server.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { frame } from '../support/wire.ts'

const test = suite('policy')

test('S-45: refuses a foreign origin with 403, and names it and the option that allows it', async (t) => {
  const { port } = await runServer(t)
  const refused = await RawClient.open(port, { headers: ['Origin: https://evil.example'] })
  await refused.until(() => refused.closed)
  assert.match(refused.head, /^HTTP\/1\.1 403 /)
  assert.is(refused.body, 'origin https://evil.example is not allowed; allowed: http://localhost (option origins)')
  const own = await RawClient.open(port, { headers: ['Origin: http://localhost'] })
  assert.match(own.head, /^HTTP\/1\.1 101 /)
  await own.close()
})

test('accepts listed origins, or all origins', async (t) => {
  for (const origins of ['*', ['https://other.example']] as const) {
    const { port } = await runServer(t, { origins })
    const client = await RawClient.open(port, { headers: ['Origin: https://other.example'] })
    assert.match(client.head, /^HTTP\/1\.1 101 /)
    await client.close()
  }
  const { port } = await runServer(t, { origins: ['https://other.example'] })
  const refused = await RawClient.open(port, { headers: ['Origin: https://third.example'] })
  await refused.until(() => refused.closed)
  assert.match(refused.body, 'allowed: http://localhost and https://other.example')
})

test('chooses no subprotocol unless one is listed, then the client’s favourite among them', async (t) => {
  const none = await runServer(t)
  const unasked = await RawClient.open(none.port, { headers: ['Sec-WebSocket-Protocol: a, b'] })
  assert.not.match(unasked.head, 'Sec-WebSocket-Protocol')
  await unasked.close()
  const listed = await runServer(t, { subprotocols: ['c', 'b', 'a'] })
  const chosen = await RawClient.open(listed.port, { headers: ['Sec-WebSocket-Protocol: x, b, c'] })
  assert.match(chosen.head, /Sec-WebSocket-Protocol: b\r\n/)
  assert.is(listed.accepted[0].subprotocol, 'b')
  await chosen.close()
})

test('calls authorize, which may refuse, wait, or throw', async (t) => {
  const errors: unknown[] = []
  const hostile = new Proxy(new Error('hostile'), {
    getPrototypeOf() {
      throw new Error('instanceof fails')
    },
  })
  const authorize = (request: IncomingMessage): Refusal | undefined | Promise<Refusal | undefined> => {
    if (request.url === '/sync') return { status: 401, headers: { 'WWW-Authenticate': 'Basic' }, body: 'who are you?' }
    if (request.url === '/async') return Promise.resolve({ status: 429 })
    if (request.url === '/throws') throw new Error('database gone')
    if (request.url === '/hostile') throw hostile
    if (request.url === '/rejects') return Promise.reject(new Error('database gone'))
    if (request.url === '/odd') return { status: 200 }
    if (request.url === '/broken') return { status: 403, headers: { 'X-Bad': 'a\r\nb' } }
    if (request.url === '/later') return Promise.resolve(undefined)
    return undefined
  }
  const { port } = await runServer(t, { authorize, onError: (error) => errors.push(error) })
  const expected: Record<string, RegExp> = {
    '/sync': /^HTTP\/1\.1 401 /,
    '/async': /^HTTP\/1\.1 429 /,
    '/throws': /^HTTP\/1\.1 500 /,
    '/hostile': /^HTTP\/1\.1 500 /,
    '/rejects': /^HTTP\/1\.1 500 /,
    '/odd': /^HTTP\/1\.1 500 /,
    '/broken': /^HTTP\/1\.1 500 /,
    '/later': /^HTTP\/1\.1 101 /,
    '/': /^HTTP\/1\.1 101 /,
  }
  for (const [path, status] of Object.entries(expected)) {
    const client = await RawClient.open(port, { path, behind: frame(1, 'early') })
    assert.match(client.head, status)
    if (client.head.startsWith('HTTP/1.1 101')) {
      await client.receive(1)
      assert.equal(client.texts, ['early'])
      await client.close()
    } else {
      await client.until(() => client.closed)
    }
    if (path === '/sync') assert.is(client.body, 'who are you?')
  }
  assert.is(errors.length, 5)
})

test('forgets a client that disconnects while authorize is pending', async (t) => {
  let answer!: () => void
  let asked!: () => void
  const wasAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  const { port, accepted } = await runServer(t, {
    authorize: () => {
      asked()
      return new Promise((resolve) => {
        answer = () => resolve()
      })
    },
  })
  const client = RawClient.connect(port)
  client.socket.write(
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  )
  await wasAsked
  client.socket.resetAndDestroy()
  await client.until(() => client.closed)
  await new Promise((resolve) => setImmediate(resolve))
  answer()
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(accepted.every((connection) => connection.state === 'closed') || accepted.length === 0)
})

test('accepts a page of the same host over https, as behind a proxy that terminates TLS', async (t) => {
  const { port } = await runServer(t)
  const client = await RawClient.open(port, { headers: ['Origin: https://localhost'] })
  assert.match(client.head, /^HTTP\/1\.1 101 /)
  await client.close()
})

test('allows subdomains by a pattern, file:// where listed, and what a function allows', async (t) => {
  const errors: unknown[] = []
  const asked: string[] = []
  const options = {
    pattern: { origins: ['https://*.example.com', 'file://'] },
    sync: { origins: (origin: string) => origin === 'https://app.example.com' },
    async: { origins: async (origin: string) => origin === 'file://' },
    query: {
      origins: (origin: string, request: AuthorizeRequest) => {
        asked.push(`${origin} ${request.query.get('a')} ${request.clientAddress}`)
        return false
      },
    },
    truthy: { origins: () => 'yes' as never },
    throws: {
      origins: () => {
        throw new Error('no list')
      },
    },
    rejects: { origins: () => Promise.reject(new Error('no list')) },
  }
  const expected: Record<keyof typeof options, [app: string, file: string]> = {
    pattern: ['101', '101'],
    sync: ['101', '403'],
    async: ['403', '101'],
    query: ['403', '403'],
    truthy: ['403', '403'],
    throws: ['500', '500'],
    rejects: ['500', '500'],
  }
  for (const [name, statuses] of Object.entries(expected)) {
    const own = options[name as keyof typeof options]
    const { port } = await runServer(t, { originWarnings: false, onError: (error) => errors.push(error), ...own })
    for (const [i, origin] of ['https://app.example.com', 'file://'].entries()) {
      const client = await RawClient.open(port, { path: '/?a=1', headers: [`Origin: ${origin}`] })
      assert.is(client.head.slice(9, 12), statuses[i], `${name} ${origin}`)
      client.socket.destroy()
    }
  }
  assert.equal(asked, ['https://app.example.com 1 127.0.0.1', 'file:// 1 127.0.0.1'])
  assert.is(errors.length, 4)
})

test('throws at construction for a policy that could never match, or would match too much', async () => {
  const origins = [
    ...['https://app.example.com', ['*'], ['app.example.com'], ['https://app.example.com/'], ['https://*'], [/x/]],
    ...[['https://a.example', ''], [null], {}, 5, true, null],
  ]
  const subprotocols = ['graphql-transport-ws', ['a', 'a'], ['a b'], [''], [5], {}, null]
  const wrong = [
    ...origins.map((value) => ({ origins: value })),
    ...subprotocols.map((value) => ({ subprotocols: value })),
  ]
  for (const options of [...wrong, { authorize: true }, { orgins: [] }, { originWarnings: 1 }] as never[]) {
    const shown = JSON.stringify(options)
    const servers = [() => new WebSocketServer(options), () => createServer(options)]
    const views = 'originWarnings' in options ? [] : [() => require_websocket(() => {}, options)]
    for (const make of [...servers, ...views]) {
      const error = await thrownBy(make)
      assert.ok(error instanceof RangeError || error instanceof TypeError, shown)
      assert.match(error.message, /^option \w+ is .*; allowed: /, shown)
    }
  }
})

test('warns of a refused origin once, and never with originWarnings: false', async (t) => {
  const warnings: string[] = []
  const onWarning = ({ message }: Error): number => warnings.push(message)
  process.on('warning', onWarning)
  t.after(() => process.off('warning', onWarning))
  const refuse = async (port: number, origin: string): Promise<void> => {
    const client = await RawClient.open(port, { headers: [`Origin: ${origin}`] })
    await client.until(() => client.closed)
  }
  const [loud, quiet] = [await runServer(t), await runServer(t, { originWarnings: false })]
  await refuse(quiet.port, 'https://quiet.example')
  for (const origin of ['https://a.example', 'https://b.example', 'https://a.example']) await refuse(loud.port, origin)
  assert.equal(
    warnings.map((message) => message.split(' ')[1]),
    ['https://a.example', 'https://b.example'],
  )
  for (let i = 0; i < 200; i++) await refuse(loud.port, `https://${i}.example`)
  assert.is(warnings.length, 100)
})

test('sends the fields of an authorize that accepts in the 101, and refuses what is neither', async (t) => {
  const errors: unknown[] = []
  const answers: Record<string, unknown> = {
    '/cookie': { headers: { 'Set-Cookie': ['a=1', 'b=2'] } },
    '/false': false,
    '/true': true,
    '/null': null,
    '/empty': {},
    '/text': 'no',
  }
  const { port } = await runServer(t, {
    authorize: ({ url }) => answers[url!] as never,
    onError: (error) => errors.push(error),
  })
  for (const path of Object.keys(answers)) {
    const client = await RawClient.open(port, { path })
    if (path === '/cookie') assert.match(client.head, /^HTTP\/1\.1 101 [\s\S]*Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n/)
    else assert.match(client.head, /^HTTP\/1\.1 500 /)
    client.socket.destroy()
  }
  assert.is(errors.length, 5)
  assert.ok(errors.every((error) => error instanceof TypeError))
})
