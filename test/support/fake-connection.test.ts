import type { Connection } from '../../src/index.ts'
import { startEcho } from './echo-server.ts'
import { FakeConnection } from './fake-connection.ts'
import { RawClient } from './raw-client.ts'
import { until } from './tick.ts'
import { assert, suite, type TestContext } from './unit.ts'
import { closeFrame, frame } from './wire.ts'

const test = suite('the fake connection is like a real one')

/** A connection, and the actions of its peer. */
interface Pair {
  connection: Connection
  /** Sends messages in one chunk. Resolves when the connection has read them. */
  receive(...messages: (string | Buffer)[]): Promise<void>
  /** Closes the connection as the peer, and ends the transport. */
  closeByPeer(code: number, reason: string): Promise<void>
  /** Destroys the transport. */
  vanish(): Promise<void>
}

async function openReal(t: TestContext): Promise<Pair> {
  const { port, connections } = await startEcho(t, {}, () => {})
  const client = await RawClient.open(port)
  const [connection] = connections
  return {
    connection,
    async receive(...messages) {
      client.send(...messages.map((message) => frame(typeof message === 'string' ? 1 : 2, message)))
      // A paused connection does not show that the bytes have arrived, so another connection of this event loop does.
      const other = await RawClient.open(port)
      await other.roundTrip()
      await other.close()
    },
    async closeByPeer(code, reason) {
      client.send(closeFrame(code, reason))
      await until(() => connection.state === 'closed')
    },
    async vanish() {
      client.socket.resetAndDestroy()
      await until(() => connection.state === 'closed')
    },
  }
}

async function openFake(): Promise<Pair> {
  const fake = new FakeConnection()
  return {
    connection: fake.asConnection,
    receive: async (...messages) => fake.receive(...messages),
    closeByPeer: async (code, reason) => void fake.end({ code, reason }),
    vanish: async () => void fake.end({ code: 1006, wasClean: false, initiator: 'transport' }),
  }
}

const nameOf = (error: unknown): string => (error as Error).name

/** Scripts of a caller, each of which logs what the caller observes. */
const scripts: Readonly<Record<string, (pair: Pair, log: unknown[]) => Promise<void>>> = {
  async 'delivers text as a string and binary as a Buffer'({ receive }) {
    await receive('text', Buffer.from('bytes'), '', Buffer.alloc(0))
  },
  async 'sends until it closes, then not'({ connection }, log) {
    log.push(connection.send('text'), connection.send(Buffer.from('x')), connection.send(new ArrayBuffer(2)))
    connection.close(4000, 'enough')
    log.push(connection.send('late'), connection.state)
  },
  async 'refuses what cannot be sent'({ connection }, log) {
    for (const data of [1, null, undefined, {}, ['x']]) {
      try {
        log.push(connection.send(data as unknown as string))
      } catch (error) {
        log.push(nameOf(error))
      }
    }
  },
  async 'refuses codes and reasons that a Close frame must not have'({ connection }, log) {
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000]) {
      try {
        connection.close(code)
      } catch (error) {
        log.push(code, nameOf(error))
      }
    }
    try {
      connection.close(1000, 'x'.repeat(124))
    } catch (error) {
      log.push(nameOf(error))
    }
    log.push(connection.state)
  },
  async 'delivers nothing once it closes, and closes once'({ connection, receive }, log) {
    connection.close(1001, 'first')
    connection.close(1011, 'second')
    await receive('late')
    log.push(connection.state, connection.closeInfo)
  },
  async 'delivers nothing behind the message in whose callback it closes'({ connection, receive }) {
    const { onMessage } = connection
    connection.onMessage = (data, isBinary) => {
      onMessage(data, isBinary)
      connection.close()
    }
    await receive('one', 'two')
  },
  async 'delivers nothing while it is paused, and everything in order when it goes on'({ connection, receive }, log) {
    connection.pause()
    connection.pause()
    await receive('one', 'two')
    log.push('resume')
    connection.resume()
    await receive('three')
    connection.resume()
  },
  async 'pauses behind the message in whose callback it is paused'({ connection, receive }, log) {
    const { onMessage } = connection
    connection.onMessage = (data, isBinary) => {
      onMessage(data, isBinary)
      connection.pause()
    }
    await receive('one', 'two')
    log.push('resume')
    connection.resume()
    await receive()
  },
  async 'says how it ended when the peer closes, and is over'({ connection, closeByPeer }, log) {
    await closeByPeer(1001, 'away')
    log.push(connection.state, connection.closeInfo === null, connection.send('late'))
    connection.close()
    connection.pause()
    connection.resume()
    log.push(connection.state)
    await connection.drained()
  },
  async 'says how it ended when the transport breaks'({ connection, vanish }, log) {
    await vanish()
    log.push(connection.state, connection.closeInfo?.code)
    await connection.drained()
  },
  async 'has room while nothing waits'({ connection }, log) {
    connection.send('x')
    await connection.drained()
    log.push('drained')
  },
}

/** Returns the log of a script: its own entries, and every callback. */
async function play(pair: Pair, script: (pair: Pair, log: unknown[]) => Promise<void>): Promise<unknown[]> {
  const log: unknown[] = []
  pair.connection.onMessage = (data, isBinary) => log.push([typeof data, String(data), isBinary])
  pair.connection.onClose = ({ code, reason, wasClean, initiator }) => log.push([code, reason, wasClean, initiator])
  await script(pair, log)
  return log
}

for (const [name, script] of Object.entries(scripts)) {
  test(name, async (t) => {
    const real = await play(await openReal(t), script)
    assert.ok(real.length > 0)
    assert.equal(await play(await openFake(), script), real)
  })
}
