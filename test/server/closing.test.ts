import type { CloseInfo } from '../../src/core/closing-handshake.ts'
import type { Connection } from '../../src/index.ts'
import { RawClient } from '../support/raw-client.ts'
import { closeOf, runServer } from '../support/running-server.ts'
import { assert, suite } from '../support/unit.ts'
import { closeFrame, frame } from '../support/wire.ts'

const test = suite('closing')

test('ends the TCP stream first, after the Close frame', async (t) => {
  const { port } = await runServer(t)
  const client = await RawClient.open(port)
  client.send(closeFrame(1000, 'bye'))
  await client.until(() => client.ended)
  assert.is(client.closeCode, 1000)
  client.socket.destroy()
})

test('reports how a connection ended: by the peer, by this side, by the transport', async (t) => {
  const { port, next } = await runServer(t)
  const cases: [(client: RawClient, connection: Connection) => void, Partial<CloseInfo>][] = [
    [(client) => client.send(closeFrame(4001, 'x')), { code: 4001, reason: 'x', wasClean: true, initiator: 'remote' }],
    [(client) => client.send(closeFrame()), { code: 1005, reason: '', wasClean: true, initiator: 'remote' }],
    [(client) => client.socket.end(), { code: 1006, wasClean: false, initiator: 'transport' }],
    [(client) => client.socket.resetAndDestroy(), { code: 1006, wasClean: false, initiator: 'transport' }],
    [(_, connection) => connection.terminate(), { code: 1006, wasClean: false, initiator: 'local' }],
    [(client) => client.send(frame(3)), { code: 1002, wasClean: false, initiator: 'local' }],
  ]
  for (const [act, expected] of cases) {
    const accepted = next()
    const client = await RawClient.open(port)
    const connection = await accepted
    const closed = closeOf(connection)
    act(client, connection)
    const info = await closed
    for (const [key, value] of Object.entries(expected))
      assert.is(info[key as keyof CloseInfo], value, `${key} of ${JSON.stringify(expected)}`)
    assert.is(info.error === undefined, info.wasClean)
    client.socket.destroy()
  }
})

test('closes with the handshake: sends code and reason, and the echo makes it clean', async (t) => {
  const { port, next } = await runServer(t)
  const accepted = next()
  const client = await RawClient.open(port)
  const connection = await accepted
  const closed = closeOf(connection)
  connection.close(4000, 'enough')
  assert.is(connection.state, 'closing')
  assert.is(connection.send('late'), 'closed')
  await client.until(() => client.closeCode !== null)
  assert.is(client.closeCode, 4000)
  client.send(closeFrame(4000))
  const info = await closed
  assert.equal(info, { code: 4000, reason: '', wasClean: true, initiator: 'local' })
  assert.equal(connection.closeInfo, info)
  await client.until(() => client.ended)
  client.socket.destroy()
})

test('S-37: terminates a peer that does not answer the Close frame, and one that continues to send after it', async (t) => {
  const { port, next } = await runServer(t, { closeTimeout: 100 })
  for (const talk of [false, true]) {
    const accepted = next()
    const client = await RawClient.open(port)
    const connection = await accepted
    const closed = closeOf(connection)
    connection.close()
    const talking = talk ? setInterval(() => client.sendText('and another thing'), 5) : undefined
    const info = await closed
    assert.equal([info.code, info.initiator, info.wasClean], [1006, 'local', false])
    assert.match(info.error!.message, '100 ms')
    await client.until(() => client.closed)
    clearInterval(talking)
  }
})

test('continues to read after a violation until the peer ends, and terminates a peer that does not end', async (t) => {
  const { port, server, accepted } = await runServer(t, { closeTimeout: 100 })
  const client = await RawClient.open(port)
  client.send(frame(3), frame(1, 'x'), Buffer.alloc(100_000))
  await client.until(() => client.ended)
  assert.is(client.closeCode, 1002)
  assert.equal(client.texts, [])
  await accepted[0].gone
  assert.is(server.connections.size, 0)
})

test('S-22: survives every violation without a listener', async (t) => {
  const { port } = await runServer(t, {}, () => {})
  for (const bytes of [
    frame(3),
    frame(1, 'x', { key: null }),
    frame(0, 'x'),
    frame(9, 'x'.repeat(126)),
    frame(1, Buffer.from([0xff])),
  ]) {
    const client = await RawClient.open(port)
    client.send(bytes)
    await client.until(() => client.ended)
    assert.ok([1002, 1007].includes(client.closeCode!))
    client.socket.destroy()
  }
})

test('S-36: accepts nothing after close or the end, and never writes after a Close frame', async (t) => {
  const { port, next } = await runServer(t)
  const accepted = next()
  const client = await RawClient.open(port)
  const connection = await accepted
  connection.close(1000)
  assert.is(connection.send('text'), 'closed')
  assert.is(connection.send(Buffer.from('bytes')), 'closed')
  connection.ping()
  client.send(frame(9, 'ping'), closeFrame(1000))
  await client.until(() => client.ended)
  assert.equal(
    client.frames.map(({ opcode }) => opcode),
    [8],
  )
  client.socket.destroy()
})
