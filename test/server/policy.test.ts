import type { IncomingMessage } from 'node:http'
import type { Refusal } from '../../src/index.ts'
import { RawClient } from '../support/raw-client.ts'
import { runServer } from '../support/running-server.ts'
import { assert, suite } from '../support/unit.ts'
import { frame } from '../support/wire.ts'

const test = suite('policy')

test('S-45: refuses a foreign origin with 403, says which it was and which option allows it', async (t) => {
  const { port } = await runServer(t)
  const refused = await RawClient.open(port, { headers: ['Origin: https://evil.example'] })
  await refused.until(() => refused.closed)
  assert.match(refused.head, /^HTTP\/1\.1 403 /)
  assert.is(refused.body, 'origin https://evil.example is not allowed; allowed: http://localhost (option origins)')
  const own = await RawClient.open(port, { headers: ['Origin: http://localhost'] })
  assert.match(own.head, /^HTTP\/1\.1 101 /)
  await own.close()
})

test('lets listed origins in, or all', async (t) => {
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

test('asks authorize, which may refuse, wait, or throw', async (t) => {
  const errors: unknown[] = []
  const authorize = (request: IncomingMessage): Refusal | undefined | Promise<Refusal | undefined> => {
    if (request.url === '/sync') return { status: 401, headers: { 'WWW-Authenticate': 'Basic' }, body: 'who are you?' }
    if (request.url === '/async') return Promise.resolve({ status: 429 })
    if (request.url === '/throws') throw new Error('database gone')
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
  assert.is(errors.length, 4)
})

test('forgets a client that goes away while authorize thinks', async (t) => {
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

test('lets a page of the same host by https in, as behind a proxy that ends TLS', async (t) => {
  const { port } = await runServer(t)
  const client = await RawClient.open(port, { headers: ['Origin: https://localhost'] })
  assert.match(client.head, /^HTTP\/1\.1 101 /)
  await client.close()
})
