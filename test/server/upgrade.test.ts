import { HandshakeError } from '../../src/index.ts'
import { RawClient } from '../support/raw-client.ts'
import { runServer } from '../support/running-server.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('upgrade')

test('S-47: refuses with a whole answer, closes, and never reads what follows as a request', async (t) => {
  const { port, server, accepted } = await runServer(t)
  let requests = 0
  server.onRequest = (_, response) => {
    requests++
    response.end('smuggled')
  }
  const client = RawClient.connect(port)
  const bad =
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n'
  client.socket.write(`${bad}GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`)
  await client.until(() => client.closed)
  assert.match(client.head, /^HTTP\/1\.1 400 Bad Request\r\n/)
  assert.match(client.head, /Connection: close\r\n/)
  assert.is(client.body.length, Number(/Content-Length: (\d+)/.exec(client.head)![1]))
  assert.is(requests, 0)
  assert.is(accepted.length, 0)
})

test('responds to another version with 426 and the supported one', async (t) => {
  const { port } = await runServer(t)
  const client = RawClient.connect(port)
  client.socket.write(
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 12\r\n\r\n',
  )
  await client.until(() => client.closed)
  assert.match(client.head, /^HTTP\/1\.1 426 /)
  assert.match(client.head, /Sec-WebSocket-Version: 13\r\n/)
})

test('an upgrade is settled once', async (t) => {
  const { port, server } = await runServer(t)
  const settled = new Promise<string[]>((resolve) => {
    server.onUpgrade = (upgrade) => {
      upgrade.accept({ headers: { 'X-Served-By': 'test' } })
      const codes: string[] = []
      for (const again of [() => upgrade.accept(), () => upgrade.refuse(new HandshakeError(400, 'ERR_WS_TEST', 'x'))]) {
        try {
          again()
        } catch (error) {
          codes.push((error as HandshakeError).code)
        }
      }
      resolve(codes)
    }
  })
  const client = await RawClient.open(port)
  assert.equal(await settled, ['ERR_WS_UPGRADE_SETTLED', 'ERR_WS_UPGRADE_SETTLED'])
  assert.match(client.head, /X-Served-By: test\r\n/)
  await client.close()
})

test('S-16: answers 500 when the application would send a subprotocol that was not offered or a broken header', async (t) => {
  const errors: unknown[] = []
  const { port, server } = await runServer(t, { onError: (error) => errors.push(error) })
  for (const options of [{ subprotocol: 'unasked' }, { headers: { 'X-Bad': 'a\r\nSet-Cookie: b' } }]) {
    server.onUpgrade = (upgrade) => void upgrade.accept(options)
    const client = await RawClient.open(port)
    await client.until(() => client.closed)
    assert.match(client.head, /^HTTP\/1\.1 500 /)
  }
  assert.ok(errors.every((error) => error instanceof TypeError))
})

test('answers CONNECT with 405', async (t) => {
  const { port } = await runServer(t)
  const client = RawClient.connect(port)
  client.socket.write('CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n')
  await client.until(() => client.closed)
  assert.match(client.head, /^HTTP\/1\.1 405 /)
})

test('S-48: refuses another protocol with 426 when there is no other listener', async (t) => {
  const { port } = await runServer(t)
  const client = RawClient.connect(port)
  client.socket.write('GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n')
  await client.until(() => client.closed)
  assert.match(client.head, /^HTTP\/1\.1 426 /)
})
