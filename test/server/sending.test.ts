import { RawClient } from '../support/raw-client.ts'
import { closeOf, runServer } from '../support/running-server.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { closeFrame, frame } from '../support/wire.ts'

const test = suite('sending')

test('sends everything of one tick in one segment', async (t) => {
  const { port, next } = await runServer(t)
  const accepted = next()
  const client = await RawClient.open(port)
  const connection = await accepted
  const segments: number[] = []
  client.socket.on('data', (chunk) => segments.push(chunk.length))
  for (let i = 0; i < 100; i++) connection.send(`message ${i}`)
  await client.receive(100)
  assert.is(segments.length, 1)
  await client.close()
})

test('pauses and resumes reading without losing messages or their order', async (t) => {
  const { port, next } = await runServer(t, {}, (connection) => {
    connection.onMessage = (data) => {
      received.push(String(data))
      if (data === 'stop') connection.pause()
    }
  })
  const received: string[] = []
  const accepted = next()
  const client = await RawClient.open(port)
  const connection = await accepted
  const paused = new Promise<void>((resolve) => {
    const { onMessage } = connection
    connection.onMessage = (data, isBinary) => {
      onMessage(data, isBinary)
      if (data === 'stop') resolve()
    }
  })
  client.send(frame(1, 'a'), frame(1, 'stop'), frame(1, 'b'))
  await paused
  client.send(frame(1, 'c'))
  assert.equal(received, ['a', 'stop'])
  const closed = closeOf(connection)
  connection.resume()
  client.send(closeFrame(1000))
  await closed
  assert.equal(received, ['a', 'stop', 'b', 'c'])
})

test('reports when there is too much to send, and when it was sent', async (t) => {
  const { port, next } = await runServer(t, { highWaterMark: 100_000 })
  const accepted = next()
  const client = await RawClient.open(port)
  const connection = await accepted
  client.socket.pause()
  const chunk = Buffer.alloc(100_000)
  let count = 1
  while (connection.send(chunk) === 'sent') count++
  // Messages of one tick are written at its end. Only then is it known how much the system accepts.
  while (connection.bufferedAmount > 0 && connection.send(chunk) === 'sent') count++
  assert.ok(connection.bufferedAmount > 100_000)
  const drained = connection.drained()
  client.socket.resume()
  await drained
  assert.is(connection.bufferedAmount, 0)
  await client.receive(count)
  client.socket.destroy()
})

test('drained() resolves at once when nothing is unsent, and when the connection closes', async (t) => {
  const { port, next } = await runServer(t)
  const accepted = next()
  const client = await RawClient.open(port)
  const connection = await accepted
  await connection.drained()
  client.socket.pause()
  connection.send(Buffer.alloc(20_000_000))
  const drained = connection.drained()
  connection.terminate()
  await drained
  await connection.drained()
})

test('S-01: throws at once for what cannot be sent', async (t) => {
  const { port, next } = await runServer(t)
  const accepted = next()
  const client = await RawClient.open(port)
  const connection = await accepted
  for (const data of [7, null, undefined, {}, [], true, 7n, Symbol('x'), () => {}, new Date(0)]) {
    assert.instance(await thrownBy(() => connection.send(data as never)), TypeError)
    if (data !== undefined) assert.instance(await thrownBy(() => connection.ping(data as never)), TypeError)
  }
  assert.instance(await thrownBy(() => connection.ping('x'.repeat(126))), RangeError)
  assert.instance(await thrownBy(() => connection.close(1005)), RangeError)
  assert.is(client.frames.length, 0)
  connection.send(new Uint8Array([1, 2]))
  connection.send(new Uint8Array([3, 4]).buffer)
  connection.ping('p')
  const frames = await client.receive(3)
  assert.equal(
    frames.map(({ opcode, payload }) => [opcode, payload.toString('hex')]),
    [
      [2, '0102'],
      [2, '0304'],
      [9, '70'],
    ],
  )
  await client.close()
})

test('calls onPong with pongs', async (t) => {
  const pongs: string[] = []
  const { port } = await runServer(t, {}, (connection) => {
    connection.onPong = (payload) => pongs.push(payload.toString())
    connection.onMessage = () => connection.close()
  })
  const client = await RawClient.open(port)
  client.send(frame(10, 'unasked'), frame(10), frame(1, 'end'))
  await client.until(() => client.closeCode !== null)
  assert.equal(pongs, ['unasked', ''])
  client.socket.destroy()
})
