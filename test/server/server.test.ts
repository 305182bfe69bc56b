import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from '../../src/index.ts'
import { RawClient } from '../support/raw-client.ts'
import { runServer } from '../support/running-server.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { frame } from '../support/wire.ts'

const test = suite('server')

test('answers a valid request with 101 and the right Accept, and echoes', async (t) => {
  const { port } = await runServer(t)
  const client = await RawClient.open(port)
  assert.match(client.head, /^HTTP\/1\.1 101 /)
  assert.match(client.head, /Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/)
  client.send(frame(1, 'héllo'), frame(2, 'bin'), frame(1, ''))
  const [text, binary, empty] = await client.receive(3)
  assert.equal([text.opcode, text.payload.toString()], [1, 'héllo'])
  assert.equal([binary.opcode, binary.payload.toString()], [2, 'bin'])
  assert.equal([empty.opcode, empty.payload.length], [1, 0])
  await client.close()
})

test('S-49: delivers frames that came with the request once, in order, before later ones', async (t) => {
  const { port } = await runServer(t)
  const client = await RawClient.open(port, {
    behind: Buffer.concat([frame(1, 'first'), frame(9, 'p'), frame(1, 'second').subarray(0, 4)]),
  })
  client.send(frame(1, 'second').subarray(4), frame(1, 'third'))
  await client.receive(4)
  assert.equal(client.texts, ['first', 'second', 'third'])
  await client.close()
})

test('close() stops listening, refuses upgrades, sends 1001 to every peer and waits for all', async (t) => {
  const { port, server } = await runServer(t)
  const clients = await Promise.all([RawClient.open(port), RawClient.open(port)])
  assert.is(server.connections.size, 2)
  const closed = server.close(1001, 'restart')
  for (const client of clients) {
    await client.until(() => client.closeCode !== null)
    assert.is(client.closeCode, 1001)
    assert.is(server.connections.size > 0, true)
    await client.close(1001)
  }
  await closed
  assert.is(server.connections.size, 0)
  const late = RawClient.connect(port)
  await late.until(() => late.closed)
  assert.is(late.head, '')
})

test('close() refuses upgrades that wait for a decision, and new ones on an attached server, with 503', async (t) => {
  const http = createHttpServer()
  let onAsked = (): void => {}
  const asked = new Promise<void>((resolve) => {
    onAsked = resolve
  })
  const authorize = () => {
    onAsked()
    return new Promise<never>(() => {})
  }
  const server = new WebSocketServer({ authorize })
  server.attach(http)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => http.close(resolve)))
  const { port } = http.address() as AddressInfo
  const waiting = RawClient.open(port)
  await asked
  await server.close()
  const late = await RawClient.open(port)
  for (const client of [await waiting, late]) {
    await client.until(() => client.closed)
    assert.match(client.head, /^HTTP\/1\.1 503 /)
    assert.match(client.head, /Retry-After: 1\r\n/)
  }
})

test('throws a RangeError for limits that are not positive, a TypeError for limits that are not numbers', async () => {
  for (const options of [{ maxMessageSize: 0 }, { closeTimeout: -1 }, { maxFrames: Number.NaN }]) {
    assert.instance(await thrownBy(() => new WebSocketServer(options)), RangeError)
  }
  assert.instance(await thrownBy(() => new WebSocketServer({ highWaterMark: '1' as never })), TypeError)
})
