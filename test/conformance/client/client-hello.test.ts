import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { connect } from 'node:tls'
import { parseClientHello } from '../../../src/conformance/client/client-hello.ts'
import { assert, suite, type TestContext } from '../../support/unit.ts'

const test = suite('conformance/client/client-hello')

/** Resolves to the first bytes that a TLS client of Node sends. */
async function firstBytes(t: TestContext, servername?: string): Promise<Buffer> {
  const server = createServer()
  t.after(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect({ port, host: '127.0.0.1', servername })
  client.on('error', () => {})
  t.after(() => client.destroy())
  const [socket] = await once(server, 'connection')
  t.after(() => socket.destroy())
  const [bytes] = await once(socket, 'data')
  return bytes as Buffer
}

test('the server name is read, and its absence', async (t) => {
  assert.equal(parseClientHello(await firstBytes(t, 'localhost')), { serverName: 'localhost' })
  assert.equal(parseClientHello(await firstBytes(t)), { serverName: null })
})

test('a truncated or foreign record is not a ClientHello', async (t) => {
  const bytes = await firstBytes(t, 'localhost')
  for (let end = 0; end < bytes.length; end++) assert.is(parseClientHello(bytes.subarray(0, end)), null)
  assert.is(parseClientHello(Buffer.from('GET / HTTP/1.1\r\n\r\n')), null)
})
