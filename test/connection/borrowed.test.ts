import { spawnSync } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { type Connection, type ServerOptions, WebSocketServer } from '../../src/index.ts'
import { RawClient } from '../support/raw-client.ts'
import { turns, until } from '../support/tick.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { frame } from '../support/wire.ts'

const test = suite('borrowed messages')

/** Starts a server whose connections borrow their messages, and opens a client. */
async function open(
  t: TestContext,
  borrow: (this: Connection, bytes: Buffer, isBinary: boolean) => unknown,
  options: ServerOptions = {},
  headers: string[] = [],
): Promise<RawClient> {
  const server = new WebSocketServer(options)
  server.onConnection = (connection) => {
    connection.onMessage = () => assert.unreachable('onMessage is not called')
    connection.onBorrowedMessage = borrow.bind(connection)
  }
  const { port } = (await server.listen(0)) as AddressInfo
  t.after(async () => {
    for (const connection of server.connections) connection.terminate()
    await server.close()
  })
  const client = await RawClient.open(port, { headers })
  t.after(() => client.socket.destroy())
  return client
}

function echo(this: Connection, bytes: Buffer, isBinary: boolean): void {
  this.send(bytes, { binary: isBinary })
}

test('are the bytes of text and binary messages, whole, fragmented and empty', async (t) => {
  const received: [string, boolean][] = []
  const client = await open(t, (bytes, isBinary) => received.push([bytes.toString(), isBinary]))
  client.socket.write(
    Buffer.concat([
      frame(1, 'grün'),
      frame(2, 'bytes'),
      frame(1, ''),
      frame(1, 'half', { fin: false }),
      frame(0, ' and half'),
    ]),
  )
  await until(() => received.length === 4)
  assert.equal(received, [
    ['grün', false],
    ['bytes', true],
    ['', false],
    ['half and half', false],
  ])
})

test('are checked: invalid UTF-8 closes with 1007 and is not delivered', async (t) => {
  let count = 0
  const client = await open(t, () => count++)
  client.socket.write(frame(1, Buffer.from([0xc3, 0x28])))
  await client.until(() => client.closed)
  assert.is(client.closeCode, 1007)
  assert.is(count, 0)
})

test('lie in memory that the next read reuses', async (t) => {
  const views: Buffer[] = []
  const client = await open(t, (bytes) => views.push(bytes))
  client.socket.write(frame(2, 'first'))
  await until(() => views.length === 1)
  client.socket.write(frame(2, 'other'))
  await until(() => views.length === 2)
  assert.is(views[0].toString(), 'other')
})

for (const size of [5, 16 * 1024, 40_000, 200_000]) {
  test(`an echo of ${size} bytes is intact while the peer does not read`, async (t) => {
    const client = await open(t, echo)
    client.socket.pause()
    // More than the buffers of two sockets can store.
    const count = Math.min(1000, Math.ceil((16 * 1024 * 1024) / size))
    const messages = Array.from({ length: count }, (_, i) => Buffer.alloc(size, 1 + (i % 100)))
    client.send(...messages.map((message, i) => frame(1 + (i % 2), message)))
    await turns(50)
    client.socket.resume()
    const received = await client.receive(messages.length)
    assert.ok(received.every(({ opcode, payload }, i) => opcode === 1 + (i % 2) && payload.equals(messages[i])))
  })
}

test('an echo after a message that is being compressed is intact', async (t) => {
  const long = Buffer.alloc(100_000, 'x')
  const client = await open(
    t,
    function (bytes) {
      this.send(long)
      this.send(bytes, { compress: false })
    },
    { deflate: true },
    ['Sec-WebSocket-Extensions: permessage-deflate'],
  )
  const messages = Array.from({ length: 8 }, (_, i) => Buffer.alloc(30_000, i + 1))
  client.send(...messages.map((message) => frame(2, message)))
  const received = await client.receive(16)
  assert.ok(received.every(({ first }, i) => ((first & 0x40) !== 0) === (i % 2 === 0)))
  assert.ok(messages.every((message, i) => received[2 * i + 1].payload.equals(message)))
})

test('an error thrown by the callback closes with 1011 and is reported', async (t) => {
  const errors: unknown[] = []
  const failure = new Error('as expected')
  const client = await open(
    t,
    () => {
      throw failure
    },
    { onError: (error) => errors.push(error) },
  )
  client.socket.write(frame(2, 'x'))
  await client.until(() => client.closed)
  assert.is(client.closeCode, 1011)
  assert.equal(errors, [failure])
})

test('bytes sent as text must be valid UTF-8', async (t) => {
  let thrown: unknown
  const client = await open(t, function () {
    try {
      this.send(Buffer.from([0xff]), { binary: false })
    } catch (error) {
      thrown = error
    }
    this.send(new Uint8Array(Buffer.from('good')).buffer, { binary: false })
  })
  client.socket.write(frame(2, 'x'))
  const [answer] = await client.receive(1)
  assert.equal([answer.opcode, answer.payload.toString()], [1, 'good'])
  assert.instance(thrown, TypeError)
})

test('DWEBSOCKET_DEBUG_BORROWED=1 overwrites a view that is used too late', () => {
  const program = `
    import { lend } from './src/connection/lent-bytes.ts'
    const bytes = Buffer.from('..message..')
    let view
    lend(bytes, 2, 9, true, { deliver: (lent) => { view = lent; console.log(lent.toString()) } })
    console.log(view.toString('hex'), bytes.toString('latin1', 0, 2))`
  const env = { ...process.env, DWEBSOCKET_DEBUG_BORROWED: '1' }
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program]
  const { stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
  assert.is(stdout, `message\n${'db'.repeat(7)} ..\n`, stderr)
})
