import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { accountMemory, Connection } from '../../src/connection/connection.ts'
import { readLimits } from '../../src/connection/limits.ts'
import { Traffic } from '../../src/connection/traffic.ts'
import { unreadyConnections } from '../../src/connection/unready.ts'
import type { MessageCodec } from '../../src/core/message-codec.ts'
import { manualSource } from '../support/manual-source.ts'
import { SlowPeer } from '../support/slow-peer.ts'
import { endOfTick, until } from '../support/tick.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { frame } from '../support/wire.ts'

const test = suite('unready connections')

const ignore = (): void => {}

/** A codec that finishes each message when the test calls `finish`. */
class SlowCodec implements MessageCodec {
  finish = ignore
  decompress(): void {}
  wantsCompression(): boolean {
    return true
  }
  compress(_message: Uint8Array, done: (payload: Buffer | null) => void): void {
    this.finish = () => done(null)
  }
  release(): void {}
}

function open(t: TestContext, codec: MessageCodec | null = null) {
  const peer = new SlowPeer()
  const connection = new Connection(peer, {
    role: 'server',
    host: { traffic: new Traffic(), reportError: ignore, onMemoryChange: ignore, onGone: ignore },
    limits: readLimits({}),
    request: new IncomingMessage(new Socket()),
    subprotocol: '',
    codec,
  })
  t.after(() => connection.terminate())
  const isUnready = (): boolean => unreadyConnections.has(connection)
  /** Checks the memory, as the watchdog does regularly. */
  const check = (): void => accountMemory(connection)
  return { peer, connection, isUnready, check }
}

test('a connection is unready while the system has not accepted what was sent', async (t) => {
  const { peer, connection, isUnready, check } = open(t)
  assert.is(isUnready(), false)
  connection.send('a')
  await endOfTick()
  check()
  assert.is(isUnready(), true)
  await peer.readAll()
  check()
  assert.is(isUnready(), false)
  connection.send('b')
  await endOfTick()
  assert.is(isUnready(), false)
})

test('a connection is unready while a message waits for the codec', async (t) => {
  const codec = new SlowCodec()
  const { peer, connection, isUnready, check } = open(t, codec)
  await peer.readAll()
  connection.send('a')
  check()
  assert.is(isUnready(), true)
  codec.finish()
  await endOfTick()
  check()
  assert.is(isUnready(), false)
})

test('a connection is unready while a Blob is read, but not while a source has no data', async (t) => {
  const { peer, connection, isUnready, check } = open(t)
  await peer.readAll()
  connection.send(new Blob(['a']))
  check()
  assert.is(isUnready(), true)
  await until(() => connection.bufferedAmount === 0)
  check()
  assert.is(isUnready(), false)
  connection.send(manualSource().source)
  check()
  assert.is(isUnready(), false)
})

test('a connection is unready from the start of the closing handshake until its rooms know the end', async (t) => {
  const { peer, connection, isUnready, check } = open(t)
  await peer.readAll()
  const seen: boolean[] = []
  connection.onClose = () => seen.push(isUnready())
  connection.close()
  check()
  assert.is(isUnready(), true)
  connection.terminate()
  assert.equal([seen, isUnready()], [[true], false])
})

test('a connection that ends at once is unready during onClose only', async (t) => {
  const { connection, isUnready } = open(t)
  connection.send('never read')
  await endOfTick()
  const seen: boolean[] = []
  connection.onClose = () => seen.push(isUnready())
  connection.terminate()
  await endOfTick()
  assert.equal([seen, isUnready()], [[true], false])
})

test('a closed connection is forgotten, although its output waits', async (t) => {
  for (const end of ['closes', 'is closed by the peer', 'terminates']) {
    const { peer, connection, isUnready } = open(t)
    connection.send('a')
    if (end === 'terminates') connection.terminate()
    else if (end === 'closes') connection.close()
    else peer.push(frame(8))
    await endOfTick()
    if (end === 'closes') peer.push(frame(8))
    await until(() => connection.state === 'closed')
    assert.is(isUnready(), false, end)
    await peer.readAll()
    await endOfTick()
    assert.is(isUnready(), false, end)
  }
})
