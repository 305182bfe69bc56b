import { channel } from 'node:diagnostics_channel'
import type { AddressInfo } from 'node:net'
import { Connection, HandshakeError, WebSocketServer } from '../../src/index.ts'
import { RawClient } from '../support/raw-client.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { closeFrame, frame } from '../support/wire.ts'

const test = suite('diagnostics')

/** Returns the list of what is published on a channel during the test. */
function subscribe(t: TestContext, name: string): Record<string, unknown>[] {
  const published: Record<string, unknown>[] = []
  const listener = (message: unknown): void => void published.push(message as Record<string, unknown>)
  channel(`dwebsocket:${name}`).subscribe(listener)
  t.after(() => channel(`dwebsocket:${name}`).unsubscribe(listener))
  return published
}

async function listen(t: TestContext, onConnection: (connection: Connection) => void): Promise<number> {
  const server = new WebSocketServer({ onError: () => {} })
  server.onConnection = onConnection
  t.after(() => server.close())
  return ((await server.listen(0)) as AddressInfo).port
}

test('publishes open, messages and close of each connection', async (t) => {
  const [opens, messages, closes] = ['open', 'message', 'close'].map((name) => subscribe(t, name))
  const port = await listen(t, () => {})
  const client = await RawClient.open(port)
  client.send(frame(1, 'text'), frame(2, 'bytes'))
  client.send(closeFrame(4000, 'done'))
  await client.until(() => client.ended)
  client.socket.destroy()
  const { connection } = opens[0]
  assert.instance(connection, Connection)
  assert.equal(
    messages.map(({ data, isBinary, ...rest }) => [String(data), isBinary, rest.connection === connection]),
    [
      ['text', false, true],
      ['bytes', true, true],
    ],
  )
  assert.is(closes[0].connection, connection)
  assert.equal(closes[0].info, { code: 4000, reason: 'done', wasClean: true, initiator: 'remote' })
})

test('publishes what a callback threw', async (t) => {
  const errors = subscribe(t, 'error')
  const thrown = new Error('a fault of the application')
  const port = await listen(t, (connection) => {
    connection.onMessage = () => {
      throw thrown
    }
  })
  const client = await RawClient.open(port)
  client.sendText('x')
  await client.until(() => client.ended)
  client.socket.destroy()
  assert.is(errors.length, 1)
  assert.is(errors[0].error, thrown)
  assert.instance(errors[0].connection, Connection)
})

test('publishes refused handshakes with the request and the reason', async (t) => {
  const refusals = subscribe(t, 'refusal')
  const port = await listen(t, () => {})
  const client = await RawClient.open(port, { headers: ['Origin: http://evil.example'] })
  await client.until(() => client.closed)
  const { error, request } = refusals[0] as { error: HandshakeError; request: { url: string } }
  assert.instance(error, HandshakeError)
  assert.equal([error.status, error.code, request.url], [403, 'ERR_WS_ORIGIN', '/'])
})
