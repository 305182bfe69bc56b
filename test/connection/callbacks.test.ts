import type { AddressInfo } from 'node:net'
import { type CloseInfo, type Connection, connect, WebSocket, WebSocketServer } from '../../src/index.ts'
import { RawClient } from '../support/raw-client.ts'
import { endOfTick, until } from '../support/tick.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { closeFrame, frame } from '../support/wire.ts'

/*
 * A user's callback may throw, or be async and reject. The effect is the same: `onError` is called and the
 * connection is closed with 1011. An unhandled rejection would end the process of the test.
 */

const test = suite('callbacks')

const fault = new Error('a fault of the application')

const failures: Record<string, () => unknown> = {
  throws: () => {
    throw fault
  },
  'rejects at once': () => Promise.reject(fault),
  'rejects later': async () => {
    await endOfTick()
    throw fault
  },
}

/** The callbacks of a connection and of its session: how to set one, and what makes it run. */
const callbacks: Record<string, [(connection: Connection, fail: () => unknown) => void, Buffer]> = {
  onMessage: [(connection, fail) => Object.assign(connection, { onMessage: fail }), frame(1, 'x')],
  onPong: [(connection, fail) => Object.assign(connection, { onPong: fail }), frame(10, 'x')],
  queuedBytes: [(connection, fail) => Object.assign(connection, { queuedBytes: fail }), frame(1, 'x')],
  'onMessage of a watcher': [
    (connection, fail) => new WebSocket(connection).watch({ onMessage: fail, onEnd() {} }),
    frame(1, 'x'),
  ],
}

/** Callbacks that run after the connection has closed. */
const lateCallbacks: Record<string, (connection: Connection, fail: () => unknown) => void> = {
  onClose: (connection, fail) => Object.assign(connection, { onClose: fail }),
  'onEnd of a watcher': (connection, fail) => new WebSocket(connection).watch({ onEnd: fail }),
}

async function serve(t: TestContext, onConnection: (connection: Connection) => void) {
  const errors: unknown[] = []
  const server = new WebSocketServer({ onError: (error) => errors.push(error) })
  t.after(() => server.close())
  server.onConnection = onConnection
  const { port } = (await server.listen(0)) as AddressInfo
  const client = await RawClient.open(port)
  t.after(() => client.socket.destroy())
  return { client, errors, port }
}

for (const [way, fail] of Object.entries(failures)) {
  for (const [name, [set, bytes]] of Object.entries(callbacks)) {
    test(`${name} that ${way} closes with 1011 and is reported`, async (t) => {
      const { client, errors } = await serve(t, (connection) => set(connection, fail))
      client.send(bytes)
      await client.until(() => client.closeCode !== null)
      assert.is(client.closeCode, 1011)
      await until(() => errors.length > 0)
      if (name === 'queuedBytes' && way !== 'throws') {
        await until(() => errors.includes(fault))
        assert.ok(errors.some((error) => error instanceof TypeError))
      } else assert.equal(errors, [fault])
    })
  }

  for (const [name, set] of Object.entries(lateCallbacks)) {
    test(`${name} that ${way} is reported, and the end continues`, async (t) => {
      const { client, errors } = await serve(t, (connection) => set(connection, fail))
      client.send(closeFrame(4000))
      await client.until(() => client.ended)
      assert.is(client.closeCode, 4000)
      await until(() => errors.length > 0)
      assert.equal(errors, [fault])
    })
  }
}

test('a watcher that fails does not keep the end from the others', async (t) => {
  const ends: string[] = []
  const { client, errors } = await serve(t, (connection) => {
    const session = new WebSocket(connection)
    session.watch({ onEnd: failures['throws'] })
    session.watch({ onEnd: () => ends.push('other') })
  })
  client.send(closeFrame(1000))
  await client.until(() => client.ended)
  await until(() => errors.length > 0)
  assert.equal([ends, errors], [['other'], [fault]])
})

test('callbacks of a client are treated in the same way', async (t) => {
  const { port } = await serve(t, (connection) => {
    connection.send('hello')
  })
  const errors: unknown[] = []
  const connection = await connect(`ws://127.0.0.1:${port}`, { onError: (error) => errors.push(error) })
  const closed = new Promise<CloseInfo>((resolve) => {
    connection.onClose = resolve
  })
  connection.onMessage = failures['rejects later']!
  assert.is((await closed).code, 1011)
  assert.equal(errors, [fault])
})
