import type { Connection, Upgrade } from '../../src/index.ts'
import { startEcho } from '../support/echo-server.ts'
import { RawClient, settle, upgradeRequest } from '../support/raw-client.ts'
import { endOfTick } from '../support/tick.ts'
import { assert, suite } from '../support/unit.ts'
import { closeFrame, frame } from '../support/wire.ts'

const test = suite('security of a connection’s life', { timeLimit: 60_000 })

/**
 * Sends as fast as the server reads, until the connection ends or `enough` returns true. While the server does not
 * read, other code runs.
 */
async function pour(port: number, client: RawClient, bytes: Buffer, enough: () => boolean): Promise<void> {
  while (!client.closed && !enough()) {
    if (client.socket.write(bytes)) await endOfTick()
    else await settle(port)
  }
}

test('S-41: closes, terminates and sends inside every handler, to itself and to others', async (t) => {
  const { server, port, errors } = await startEcho(t, {}, (connection) => {
    connection.onMessage = (data) => {
      // Every connection gets the message, while some of them close.
      for (const other of server.connections) {
        other.send(data)
        if (data === 'cut') other.terminate()
        if (data === 'close') other.close(4000)
      }
      connection.send('late')
    }
    connection.onPong = () => connection.terminate()
    connection.onClose = () => {
      connection.send('too late')
      connection.close()
      connection.pause()
      connection.resume()
      connection.terminate()
    }
  })
  for (const bytes of [frame(1, 'cut'), frame(1, 'close'), frame(10), closeFrame(1000)]) {
    const clients = await Promise.all(Array.from({ length: 5 }, () => RawClient.open(port)))
    // The rest of the chunk arrives at a connection that has ended inside its handler.
    clients[0].send(bytes, frame(1, 'more'), bytes)
    await clients[0].until(() => clients[0].ended || clients[0].closed)
    for (const client of clients) client.socket.destroy()
    for (const connection of [...server.connections]) await connection.gone
    assert.is(server.connections.size, 0)
  }
  assert.equal(errors, [])
})

test('S-08: ends empty fragments without end by their number, and keeps no byte of them', async (t) => {
  const { port, connections } = await startEcho(t, { maxFrames: 10_000 })
  const client = await RawClient.open(port)
  client.send(frame(1, '', { fin: false }))
  const many = Buffer.concat(new Array(999).fill(frame(0, '', { fin: false })))
  for (let i = 0; i < 10; i++) client.send(many)
  client.send(frame(9, 'here'))
  await client.receive(1)
  assert.is(client.frames[0].opcode, 10)
  assert.is(connections[0].memoryUsed, 0)
  client.send(many)
  await client.until(() => client.ended)
  assert.is(client.closeCode, 1008)
  client.socket.destroy()
})

test('S-09: keeps a hundred connections at their limits within maxMemory', async (t) => {
  const maxMemory = 4_000_000
  const { server, port } = await startEcho(t, { maxMemory, maxMessageSize: 200_000 })
  const pieces = Buffer.concat([
    frame(2, 'x', { fin: false }),
    ...new Array(60_000).fill(frame(0, 'x', { fin: false })),
  ])
  const clients: RawClient[] = []
  let most = 0
  for (let i = 0; i < 100; i++) {
    const client = await RawClient.open(port)
    clients.push(client)
    client.send(pieces, frame(9, 'end'))
    await client.until(() => client.frames.length > 0 || client.closed || client.ended)
    most = Math.max(most, server.stats().heldBytes)
  }
  const { closeCodes, refused } = server.stats()
  // One chunk may exceed the limit before the largest connection is closed.
  assert.ok(most <= maxMemory + 200_000, `${most}`)
  assert.ok((closeCodes[1013] ?? 0) + (refused[503] ?? 0) > 0)
  assert.ok(server.connections.size > 10)
  for (const client of clients) client.socket.destroy()
})

test('S-50: answers a flood of pings with one waiting pong while the peer does not read, and reads no faster than pingRate', async (t) => {
  const { port, connections } = await startEcho(t, { pingRate: { perSecond: 1_000, burst: 200_000 } })
  const client = await RawClient.open(port)
  client.socket.pause()
  const pings = Buffer.concat(new Array(1_000).fill(frame(9, 'x'.repeat(125))))
  let most = 0
  let sent = 0
  const begin = performance.now()
  await pour(port, client, pings, () => {
    most = Math.max(most, connections[0].bufferedAmount)
    return ++sent > 150 || performance.now() - begin > 8_000
  })
  // The pongs of one chunk may be written before the system accepts no more, and one pong waits.
  assert.ok(most < 200_000, `${most}`)
  client.socket.destroy()
  await connections[0].gone
})

test('S-50: closes with 1013 above pingRate with overRate set to close', async (t) => {
  const { port, connections } = await startEcho(t, { pingRate: { perSecond: 0.01, burst: 5 }, overRate: 'close' })
  const client = await RawClient.open(port)
  client.send(...new Array(6).fill(frame(9, 'x')))
  await client.until(() => client.ended)
  assert.is(client.closeCode, 1013)
  assert.is((connections[0].closeInfo!.error as { code?: string }).code, 'ERR_WS_RATE')
  client.socket.destroy()
})

test('S-51: stops reading from a peer that does not read when unsent data exceeds the high-water mark', async (t) => {
  const { port, connections } = await startEcho(t, { highWaterMark: 200_000, maxMessageSize: 100_000 })
  const client = await RawClient.open(port)
  client.socket.pause()
  const message = frame(2, Buffer.alloc(60_000))
  let most = 0
  let quiet = 0
  let lastFlushed = -1
  // Until the server reads nothing more within many turns.
  await pour(port, client, message, () => {
    most = Math.max(most, connections[0].bufferedAmount)
    const { bytesWritten } = client.socket
    const flushed = bytesWritten - client.socket.writableLength
    quiet = flushed === lastFlushed ? quiet + 1 : 0
    lastFlushed = flushed
    return quiet > 25
  })
  assert.ok(most > 0 && most < 400_000, `${most}`)
  assert.is(connections[0].state, 'open')
  client.socket.destroy()
  await connections[0].gone
})

test('S-51: closes with 1013 over maxBufferedAmount, or drops', async (t) => {
  const send = async (overflow: 'close' | 'drop'): Promise<[Connection, boolean[], number]> => {
    const { server, port, connections } = await startEcho(t, { overflow, maxBufferedAmount: 3_000_000 })
    const client = await RawClient.open(port)
    client.socket.pause()
    const withinLimit: boolean[] = []
    for (let i = 0; i < 30; i++) {
      connections[0].send(Buffer.alloc(1_000_000))
      withinLimit.push(connections[0].bufferedAmount <= 3_100_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const { droppedMessages } = server.stats()
    t.after(() => client.socket.destroy())
    return [connections[0], withinLimit, droppedMessages]
  }
  const [closed, bounded] = await send('close')
  assert.ok(bounded.every(Boolean))
  assert.equal([closed.closeInfo?.code, closed.closeInfo?.initiator], [1013, 'local'])
  assert.is((closed.closeInfo!.error as { code?: string }).code, 'ERR_WS_SEND_OVERFLOW')
  const [open, alsoBounded, dropped] = await send('drop')
  assert.ok(alsoBounded.every(Boolean))
  assert.is(open.state, 'open')
  assert.ok(dropped > 5, `${dropped}`)
})

test('S-36: sends the waiting pong before the Close frame, and nothing after it', async (t) => {
  const { port, connections } = await startEcho(t, { highWaterMark: 100_000_000, maxBufferedAmount: 100_000_000 })
  const client = await RawClient.open(port)
  client.socket.pause()
  connections[0].send(Buffer.alloc(10_000_000))
  await new Promise((resolve) => setImmediate(resolve))
  const counted = new Promise<void>((resolve) => {
    connections[0].onMessage = () => resolve()
  })
  client.send(frame(9, 'early'), frame(9, 'latest'), frame(1, 'seen'))
  await counted
  connections[0].close(1000)
  client.socket.resume()
  await client.until(() => client.closeCode !== null)
  assert.equal(
    client.frames.map(({ opcode }) => opcode),
    [2, 10, 8],
  )
  assert.is(client.frames[1].payload.toString(), 'latest')
  client.send(closeFrame(1000))
  await client.until(() => client.ended)
  client.socket.destroy()
})

test('S-52: closes with 1013 when a payload arrives at one byte per second, and accepts a slow one', async (t) => {
  const { port } = await startEcho(t, {})
  const slow = await RawClient.open(port)
  const steady = await RawClient.open(port)
  slow.send(frame(2, Buffer.alloc(100_000)).subarray(0, 20))
  const whole = frame(2, Buffer.alloc(30_000))
  let at = 0
  const trickle = setInterval(() => {
    slow.socket.write(Buffer.alloc(1))
    steady.socket.write(whole.subarray(at, at + 2_500))
    at += 2_500
  }, 1_000)
  t.after(() => clearInterval(trickle))
  await slow.until(() => slow.ended || slow.closed)
  assert.is(slow.closeCode, 1013)
  await steady.receive(1)
  assert.is(steady.frames[0].payload.length, 30_000)
  slow.socket.destroy()
  steady.socket.destroy()
})

test('S-36: ends a connection that is accepted after its peer has disconnected', async (t) => {
  const { server, port } = await startEcho(t)
  const upgrades: Upgrade[] = []
  const asked = new Promise<void>((resolve) => {
    server.onUpgrade = (upgrade) => {
      upgrades.push(upgrade)
      upgrade.stream.once('close', () => setImmediate(resolve))
      upgrade.stream.destroy()
    }
  })
  const client = RawClient.connect(port)
  client.socket.write(upgradeRequest())
  await asked
  const connection = upgrades[0].accept()
  assert.is(connection.send('nobody'), 'sent')
  await connection.gone
  assert.equal([connection.closeInfo?.code, server.connections.size], [1006, 0])
})
