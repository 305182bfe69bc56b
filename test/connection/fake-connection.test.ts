import type { Duplex } from 'node:stream'
import { Connection } from '../../src/connection/connection.ts'
import { readLimits } from '../../src/connection/limits.ts'
import { Traffic } from '../../src/connection/traffic.ts'
import { FakeConnection } from '../support/fake-connection.ts'
import { SlowPeer } from '../support/slow-peer.ts'
import { endOfTick } from '../support/tick.ts'
import { assert, suite, type TestContext, thrownBy } from '../support/unit.ts'
import { closeFrame, frame } from '../support/wire.ts'

/*
 * The contract between `FakeConnection`, on which sessions and rooms are tested, and the real connection: every test
 * below runs on both.
 */

/** A connection, and what its peer can do. */
interface Contract {
  readonly connection: Connection
  /** The peer sends messages, in one chunk. */
  receive(...messages: string[]): void
  /** From now on the peer reads nothing, so that `send` soon reports backpressure. */
  stopReading(): void
  /** The peer reads everything. */
  read(): Promise<void>
  /** The peer sends a Close frame. */
  sendClose(code: number): void
}

function makeFake(): Contract {
  const fake = new FakeConnection()
  return {
    connection: fake.asConnection,
    receive: (...messages) => fake.receive(...messages),
    stopReading() {
      fake.hasRoom = false
    },
    async read() {
      fake.giveRoom()
    },
    sendClose: (code) => void fake.end({ code }),
  }
}

function makeReal(t: TestContext): Contract {
  const stream: Duplex & SlowPeer = new SlowPeer()
  t.after(() => stream.destroy())
  let isReading = true
  stream._write = (_chunk, _encoding, done) => {
    if (isReading) done()
    else SlowPeer.prototype._write.call(stream, _chunk, _encoding, done)
  }
  const noop = (): void => {}
  const connection = new Connection(stream, {
    role: 'server',
    host: { traffic: new Traffic(), reportError: noop, onMemoryChange: noop, onGone: noop },
    limits: readLimits({ highWaterMark: 1 }),
    request: { message: null as never },
    subprotocol: '',
  })
  return {
    connection,
    receive: (...messages) => void stream.push(Buffer.concat(messages.map((message) => frame(1, message)))),
    stopReading() {
      isReading = false
    },
    async read() {
      isReading = true
      await stream.readAll()
    },
    sendClose: (code) => void stream.push(closeFrame(code)),
  }
}

for (const [kind, make] of [
  ['fake', makeFake],
  ['real', makeReal],
] as const) {
  const test = suite(`contract of the ${kind} connection`)

  test('delivers the messages of a chunk in order while it is open', async (t) => {
    const { connection, receive } = make(t)
    const received: unknown[] = []
    connection.onMessage = (data, isBinary) => received.push(data, isBinary)
    receive('one', 'two')
    await endOfTick()
    assert.equal(received, ['one', false, 'two', false])
  })

  test('holds back the rest of a chunk while it is paused', async (t) => {
    const { connection, receive } = make(t)
    const received: unknown[] = []
    connection.onMessage = (data) => {
      received.push(data)
      if (data === 'two') connection.pause()
    }
    receive('one', 'two', 'three')
    await endOfTick()
    assert.equal(received, ['one', 'two'])
    connection.resume()
    await endOfTick()
    assert.equal(received, ['one', 'two', 'three'])
  })

  test('send() throws a TypeError for other types, open or closed', async (t) => {
    const { connection } = make(t)
    for (let i = 0; i < 2; i++) {
      for (const data of [null, undefined, 1, {}, []])
        assert.instance(await thrownBy(() => connection.send(data as never)), TypeError)
      connection.close()
    }
  })

  test('send() returns `backpressure` until drained() resolves, then `sent`', async (t) => {
    const { connection, stopReading, read } = make(t)
    stopReading()
    assert.is(connection.send('x'), 'backpressure')
    let isDrained = false
    const drained = connection.drained().then(() => {
      isDrained = true
    })
    await endOfTick()
    assert.is(isDrained, false)
    await read()
    await drained
    assert.is(connection.send(''), 'sent')
  })

  test('close() begins to close once: then nothing is sent or delivered, and reading goes on', async (t) => {
    const { connection, receive, sendClose } = make(t)
    const received: unknown[] = []
    const ends: unknown[] = []
    connection.onMessage = (data) => received.push(data)
    connection.onClose = ({ code }) => ends.push([code, connection.state, connection.closeInfo?.code])
    connection.pause()
    connection.close(4000, 'first')
    assert.is(connection.state, 'closing')
    connection.close(4001, 'second')
    connection.pause()
    assert.is(connection.send('late'), 'closed')
    receive('late')
    await endOfTick()
    assert.equal([received, ends], [[], []])
    sendClose(4000)
    await endOfTick()
    assert.equal(ends, [[4000, 'closed', 4000]])
  })

  test('close() throws a RangeError for a code that must not be sent', async (t) => {
    const { connection } = make(t)
    for (const code of [0, 999, 1005, 1006, 5000])
      assert.instance(await thrownBy(() => connection.close(code)), RangeError)
    assert.is(connection.state, 'open')
  })

  test('the end resolves drained(), calls onClose once, and later sends return `closed`', async (t) => {
    const { connection, receive, sendClose, stopReading } = make(t)
    const ends: number[] = []
    const received: unknown[] = []
    connection.onClose = ({ code }) => ends.push(code)
    connection.onMessage = (data) => received.push(data)
    stopReading()
    connection.send('x')
    const drained = connection.drained()
    connection.resume()
    connection.close(1000)
    sendClose(1000)
    await drained
    receive('after the end')
    await endOfTick()
    assert.equal([ends, received, connection.state, connection.send('x')], [[1000], [], 'closed', 'closed'])
    await connection.drained()
  })
}
