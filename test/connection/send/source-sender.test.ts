import { Readable } from 'node:stream'
import { inflateRawSync } from 'node:zlib'
import { processBudget } from '../../../src/deflate/budget.ts'
import { type Connection, prepare } from '../../../src/index.ts'
import { startEcho } from '../../support/echo-server.ts'
import { manualSource } from '../../support/manual-source.ts'
import { RawClient } from '../../support/raw-client.ts'
import { until } from '../../support/tick.ts'
import { assert, suite, type TestContext } from '../../support/unit.ts'
import { closeFrame, frame } from '../../support/wire.ts'
import { openWs } from '../../support/ws-client.ts'

const test = suite('sending a source')

async function* partsOf(...parts: unknown[]): AsyncGenerator<never> {
  yield* parts as never[]
}

async function open(t: TestContext, options = {}, headers: string[] = []) {
  const echo = await startEcho(t, options, () => {})
  const client = await RawClient.open(echo.port, { headers })
  return { ...echo, client, connection: echo.connections[0] }
}

const shown = (frames: RawClient['frames']): string[] =>
  frames.map(({ first, payload }) => `${first.toString(16)} ${payload}`)

test('sends a fragment for each part, and an empty one at the end', async (t) => {
  const { connection, client } = await open(t)
  assert.is(connection.send(partsOf('a', '€', '\ud83d', '\ude00', '', 'z')), 'backpressure')
  await connection.drained()
  assert.equal(shown(await client.receive(5)), ['1 a', '0 €', '0 😀', '0 z', '80 '])
  connection.send(partsOf(Buffer.from('b'), new Uint16Array([0x6363])))
  connection.send(partsOf())
  connection.send(partsOf(Buffer.from('e282', 'hex'), Buffer.from('ac', 'hex'), Buffer.from('x')), { binary: false })
  const frames = (await client.receive(13)).slice(5)
  assert.equal(shown(frames).slice(0, 4), ['2 b', '0 cc', '80 ', '82 '])
  assert.is(Buffer.concat(frames.slice(4).map(({ payload }) => payload)).toString(), '€x')
  assert.is(frames[4].first, 1)
})

test('sends the data of Readable and ReadableStream in fragments of 64 KiB', async (t) => {
  const { connection, client } = await open(t)
  connection.send(Readable.from([Buffer.alloc(150_000, 1)]))
  await client.until(() => client.frames.length === 4)
  assert.equal(
    client.frames.map(({ payload }) => payload.length),
    [65_536, 65_536, 18_928, 0],
  )
  connection.send(new Blob(['from a web stream']).stream() as unknown as AsyncIterable<Uint8Array>)
  await client.until(() => client.frames.length === 6)
  assert.is(String(client.frames[4].payload), 'from a web stream')
})

test('sends control frames between fragments, while messages wait', async (t) => {
  const { connection, client } = await open(t)
  const { source, give, end } = manualSource()
  connection.send(source)
  assert.is(connection.send('behind'), 'sent')
  give('part')
  await client.until(() => client.frames.length === 1)
  connection.ping('now')
  client.send(frame(9, 'q'))
  await client.until(() => client.frames.length === 3)
  assert.is(client.frames.length, 3)
  end()
  await client.until(() => client.frames.length === 5)
  assert.equal(shown(client.frames), ['1 part', '89 now', '8a q', '80 ', '81 behind'])
})

test('requests the next part only when the peer reads', async (t) => {
  const { connection, client } = await open(t)
  let made = 0
  async function* endless() {
    for (;;) {
      made++
      yield Buffer.alloc(65_536)
    }
  }
  client.socket.pause()
  connection.send(endless())
  // Ends where the system's buffers and the mark are full.
  let before = -1
  while (before !== made) {
    before = made
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(connection.bufferedAmount < 400_000, String(connection.bufferedAmount))
  assert.is(connection.state, 'open')
})

test('sends each part as it was, from a source that reuses its memory', async (t) => {
  const { connection, client } = await open(t)
  const memory = Buffer.alloc(100_000)
  async function* reusing() {
    for (let part = 0; part < 100; part++) yield memory.fill(part)
  }
  client.socket.pause()
  connection.send(reusing())
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve))
  client.socket.resume()
  await connection.drained()
  await client.until(() => client.frames.at(-1)?.first === 0x80)
  const bytes = Buffer.concat(client.frames.map(({ payload }) => payload))
  assert.is(bytes.length, 100 * memory.length)
  for (let part = 0; part < 100; part++) {
    const own = bytes.subarray(part * memory.length, (part + 1) * memory.length)
    assert.ok(own.equals(memory.fill(part)), `part ${part}`)
  }
})

test('drops messages with `wait: false` that would have to wait for a source', async (t) => {
  const { connection, client, server } = await open(t)
  const { source, give, end } = manualSource()
  const second = manualSource()
  assert.is(connection.send('before', { wait: false }), 'sent')
  assert.is(connection.send(source, { wait: false }), 'backpressure')
  assert.is(connection.send('meanwhile', { wait: false }), 'dropped')
  assert.is(connection.send(second.source, { wait: false }), 'dropped')
  assert.ok(second.state.returned)
  connection.send('behind')
  give('part')
  end()
  await connection.drained()
  assert.is(connection.send('after', { wait: false }), 'sent')
  assert.equal(shown(await client.receive(5)), ['81 before', '1 part', '80 ', '81 behind', '81 after'])
  assert.equal([server.stats().droppedMessages, server.stats().sentMessages], [2, 4])
})

test('releases a source of any kind that is not sent', async (t) => {
  let cancelled = 0
  const sources = () => {
    const readable = Readable.from(['x'])
    const web = new ReadableStream<string>({ cancel: () => void cancelled++ })
    return { readable, web, own: manualSource() }
  }
  const assertReleased = ({ readable, own }: ReturnType<typeof sources>): void => {
    assert.equal([readable.destroyed, own.state.returned, cancelled], [true, true, 1])
    cancelled = 0
  }
  const sendAll = (connection: Connection, all: ReturnType<typeof sources>) =>
    [all.readable, all.web, all.own.source].map((source) => connection.send(source))

  const { connection, client } = await open(t)
  const waiting = sources()
  connection.send(manualSource().source)
  sendAll(connection, waiting)
  connection.close(1000)
  assertReleased(waiting)
  const late = sources()
  assert.equal(sendAll(connection, late), ['closed', 'closed', 'closed'])
  assertReleased(late)
  client.send(closeFrame(1000))

  const full = await open(t, { maxBufferedAmount: 1024, highWaterMark: 1024, overflow: 'drop' })
  for (let i = 0; i < 2; i++) full.connection.send(manualSource().source)
  full.connection.send('x'.repeat(500))
  const dropped = sources()
  assert.equal(sendAll(full.connection, dropped), ['dropped', 'dropped', 'dropped'])
  assertReleased(dropped)
})

test('destroys a Readable that the connection does not read to its end', async (t) => {
  for (const isBusy of [false, true]) {
    const extension = isBusy ? ['Sec-WebSocket-Extensions: permessage-deflate'] : []
    const { connection, client } = await open(t, { deflate: isBusy && { threshold: 0 } }, extension)
    // The codec is busy with this message, so the source waits, and nobody has read it.
    if (isBusy) connection.send('x'.repeat(100_000))
    const readable = new Readable({ read() {} })
    readable.push('half')
    connection.send(readable)
    if (!isBusy) await client.receive(1)
    connection.close(1000)
    assert.ok(readable.destroyed)
  }
})

test('releases a ReadableStream whose next part never comes', async (t) => {
  const { connection, client } = await open(t)
  let isCancelled = false
  const silent = new ReadableStream<string>({
    start: (controller) => controller.enqueue('part'),
    cancel() {
      isCancelled = true
    },
  })
  connection.send(silent)
  await client.receive(1)
  client.socket.destroy()
  await connection.gone
  assert.ok(isCancelled)
})

test('releases the compressor of a source whose next part never comes', async (t) => {
  const extension = ['Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover']
  const { connection, client } = await open(t, { deflate: true }, extension)
  const before = processBudget.used
  const { source, give } = manualSource()
  connection.send(source)
  give('part')
  await client.receive(1)
  assert.ok(processBudget.used > before)
  client.socket.destroy()
  await connection.gone
  assert.is(processBudget.used, before)
})

test('releases the compressor that is working on a part when the connection ends', async (t) => {
  const extension = ['Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover']
  const { connection } = await open(t, { deflate: true }, extension)
  const before = processBudget.used
  const { source, give } = manualSource<Buffer>()
  connection.send(source as AsyncIterable<Buffer>)
  give(Buffer.alloc(1_000_000))
  await until(() => processBudget.used > before)
  connection.terminate()
  await until(() => processBudget.used === before)
})

test('handles the error events of a Readable that is not iterated, so that the process goes on', async (t) => {
  const failing = () => {
    const readable = new Readable({
      construct: (done) => setImmediate(done, new Error('no such file')),
    })
    return { readable, closed: new Promise((resolve) => readable.once('close', resolve)) }
  }
  const { connection, client, errors } = await open(t)
  const first = manualSource()
  connection.send(first.source)
  const waiting = failing()
  connection.send(waiting.readable)
  await waiting.closed
  assert.equal(errors, [])
  first.end()
  await client.until(() => client.closed)
  assert.match(String(errors[0]), /no such file/)
  const refused = failing()
  assert.is(connection.send(refused.readable), 'closed')
  await refused.closed
  assert.is(errors.length, 1)
})

test('lets the event loop turn while the system accepts all parts of a source at once', async (t) => {
  const { connection, client } = await open(t)
  client.socket.resume()
  let turns = 0
  let isSending = true
  const count = (): void => {
    turns++
    if (isSending) setImmediate(count)
  }
  async function* quick() {
    // Promise jobs only. Without a pause, no other event would be handled until the last part.
    for (let part = 0; part < 20_000; part++) yield 'x'
  }
  setImmediate(count)
  connection.send(quick())
  await connection.drained()
  isSending = false
  assert.ok(turns > 5, `${turns} turns`)
})

test('ignores what a source that is not sent throws', async (t) => {
  const { connection, errors } = await open(t)
  connection.close(1000)
  const broken = {
    [Symbol.asyncIterator]() {
      throw new Error('mine')
    },
  }
  assert.is(connection.send(broken as AsyncIterable<string>), 'closed')
  const hostile = {
    get destroy() {
      throw new Error('mine')
    },
    [Symbol.asyncIterator]: broken[Symbol.asyncIterator],
  }
  assert.is(connection.send(hostile as AsyncIterable<string>), 'closed')
  assert.equal(errors, [])
})

test('closes with 1011 and no last fragment when the source throws or returns a part that cannot be sent', async (t) => {
  async function* failing() {
    yield 'half'
    throw new Error('my disk')
  }
  const cases: [AsyncIterable<never>, RegExp][] = [
    [failing() as AsyncIterable<never>, /my disk/],
    [partsOf('half', Buffer.of(1)), /of different kinds/],
    [partsOf(Buffer.of(1), 'half'), /of different kinds/],
    [partsOf('half', 7), /part of a message is 7; allowed: a string or bytes/],
    [
      {
        [Symbol.asyncIterator]() {
          throw new Error('locked')
        },
      },
      /locked/,
    ],
  ]
  for (const [source, message] of cases) {
    const { connection, client, errors } = await open(t)
    connection.send(source)
    connection.send('never sent')
    await client.until(() => client.closed)
    assert.match(String(errors[0]), message)
    assert.is(client.frames.at(-1)?.payload.readUInt16BE(), 1011)
    assert.not(client.frames.some(({ first, opcode }) => first >= 0x80 && opcode !== 8))
  }
})

test('closes with 1011 when strings and bytes are mixed in a text', async (t) => {
  for (const parts of [
    [Buffer.from('é'), 'text'],
    ['text', Buffer.from('é')],
  ]) {
    const { connection, client, errors } = await open(t)
    connection.send(partsOf(...parts), { binary: false })
    await client.until(() => client.closed)
    assert.match(String(errors[0]), /of different kinds/)
  }
})

test('closes with 1011 when bytes of a text are not UTF-8', async (t) => {
  for (const parts of [[Buffer.of(0xff)], [Buffer.of(0xe2)]]) {
    const { connection, client, errors } = await open(t)
    connection.send(partsOf(...parts), { binary: false })
    await client.until(() => client.closed)
    assert.match(String(errors[0]), /not valid UTF-8/)
  }
})

test('is ended by a Close frame of either side: nothing follows, and return of the source is called', async (t) => {
  for (const side of ['local', 'remote']) {
    const { connection, client } = await open(t)
    const { source, give, state } = manualSource()
    connection.send(source)
    const waiting = manualSource()
    connection.send(waiting.source)
    give('half')
    await client.receive(1)
    const drained = connection.drained()
    if (side === 'local') connection.close(1001)
    else client.send(closeFrame(1001))
    await client.until(() => client.frames.length === 2)
    assert.equal(
      client.frames.map(({ first }) => first),
      [0x01, 0x88],
    )
    assert.ok(state.returned)
    give('late')
    client.send(closeFrame(1001))
    await drained
    await client.until(() => client.closed)
    assert.is(client.frames.length, 2)
  }
})

test('drained() resolves when closing cuts the source, before the peer answers', async (t) => {
  const { connection, client } = await open(t)
  connection.send(manualSource().source)
  const before = connection.drained()
  connection.close(1000)
  await before
  await connection.drained()
  assert.is(connection.state, 'closing')
  assert.is((await client.receive(1))[0].opcode, 8)
})

test('a Close frame waits for a Blob, but not for the source after it', async (t) => {
  const { connection, client } = await open(t)
  connection.send(new Blob(['blob']))
  connection.send(manualSource().source)
  connection.close(1000)
  assert.equal(shown(await client.receive(2))[0], '82 blob')
  assert.is(client.frames[1].opcode, 8)
})

test('counts as one message, and sources that wait count as memory', async (t) => {
  const { connection, client, server } = await open(t, { maxBufferedAmount: 2048, highWaterMark: 1024 })
  const first = manualSource()
  connection.send(first.source)
  for (let i = 0; i < 3; i++) assert.is(connection.send(manualSource().source), 'backpressure')
  assert.is(connection.bufferedAmount, 3 * 512)
  assert.is(connection.send(manualSource().source), 'backpressure')
  assert.is(connection.send(manualSource().source), 'closed')
  assert.is(server.stats().sentMessages, 5)
  await client.until(() => client.closed)
})

test('compresses a source when that was agreed, fragment by fragment', async (t) => {
  const extension = ['Sec-WebSocket-Extensions: permessage-deflate']
  const { connection, client } = await open(t, { deflate: { threshold: 0 } }, extension)
  // The codec is busy with this message, so the source waits.
  connection.send('x'.repeat(100_000))
  connection.send(partsOf('one '.repeat(100), 'two'))
  await client.until(() => client.frames.at(-1)?.payload.equals(Buffer.of(0)) === true)
  const frames = client.frames.slice(1)
  assert.equal(
    frames.map(({ first }) => first),
    [0x41, 0, 0x80],
  )
  const payload = Buffer.concat([...frames.map(({ payload }) => payload), Buffer.from('0000ffff', 'hex')])
  assert.is(inflateRawSync(payload, { finishFlush: 2 }).toString(), `${'one '.repeat(100)}two`)
  connection.send(partsOf('plain'), { compress: false })
  await client.until(() => client.frames.length === 6)
  assert.is(client.frames[4].first, 1)
})

test('is read by npm ws, compressed or not', async (t) => {
  const { port, connections } = await startEcho(t, { deflate: true }, () => {})
  for (const perMessageDeflate of [false, true]) {
    const client = await openWs(`ws://127.0.0.1:${port}`, [], { perMessageDeflate })
    t.after(() => client.socket.terminate())
    const text = 'Grüße '.repeat(50_000)
    connections.at(-1)!.send(partsOf(text.slice(0, 1000), text.slice(1000)))
    connections.at(-1)!.send('behind')
    assert.is(await client.next(), text)
    assert.is(await client.next(), 'behind')
  }
})

test('cannot be prepared or broadcast', () => {
  assert.throws(() => prepare(partsOf('x') as unknown as string), /a stream cannot be prepared or broadcast/)
})
