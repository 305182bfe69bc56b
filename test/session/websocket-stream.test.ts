import { connect } from '../../src/client/connect.ts'
import { require_websocket } from '../../src/session/views.ts'
import { type WebSocketStream, webSocketStream } from '../../src/session/websocket-stream.ts'
import { serve } from '../support/session-server.ts'
import { until } from '../support/tick.ts'
import { assert, suite, type TestContext, thrownBy } from '../support/unit.ts'

const test = suite('WebSocketStream view')

async function open(t: TestContext, view: (stream: WebSocketStream) => unknown) {
  const { ws, errors } = await serve(t, {
    urls: { '/': require_websocket(async ({ websocket }) => void (await view(webSocketStream(websocket)))) },
  })
  const connection = await connect(ws)
  t.after(() => connection.terminate())
  return { connection, stream: webSocketStream(connection), errors }
}

const echo = ({ readable, writable }: WebSocketStream) => readable.pipeTo(writable)

test('pipes messages through a transform on the server', async (t) => {
  const { stream } = await open(t, ({ readable, writable }) => {
    const upper = new TransformStream({ transform: (chunk, controller) => controller.enqueue(chunk.toUpperCase()) })
    return readable.pipeThrough(upper).pipeTo(writable)
  })
  const { readable, writable, protocol } = await stream.opened
  assert.is(protocol, '')
  const writer = writable.getWriter()
  await writer.write('one')
  await writer.write('two')
  const reader = readable.getReader()
  assert.equal(await reader.read(), { value: 'ONE', done: false })
  assert.equal(await reader.read(), { value: 'TWO', done: false })
  await writer.close()
  assert.equal(await stream.closed, { closeCode: 1000, reason: '' })
  assert.equal(await reader.read(), { value: undefined, done: true })
})

test('closes with a code and a reason, by close, cancel or abort', async (t) => {
  const info = { closeCode: 4000, reason: 'enough' }
  const ways: ((stream: WebSocketStream) => unknown)[] = [
    (stream) => stream.close(info),
    ({ readable }) => readable.cancel(info),
    ({ writable }) => writable.abort(info),
  ]
  for (const way of ways) {
    const { stream } = await open(t, echo)
    await way(stream)
    // Our own server answers with the code only.
    assert.equal(await stream.closed, { closeCode: 4000, reason: '' })
  }
  const { stream } = await open(t, echo)
  await stream.readable.cancel(new Error('no code'))
  assert.is((await stream.closed).closeCode, 1000)
})

test('fails the readable, the writable and closed when the connection is lost', async (t) => {
  const { stream, connection } = await open(t, async ({ closed }) => closed.catch(() => {}))
  const reading = stream.readable
    .getReader()
    .read()
    .catch((error) => error.code)
  connection.terminate()
  assert.is(await reading, 'ERR_WS_TERMINATED')
  assert.is(await stream.closed.catch((error) => error.code), 'ERR_WS_TERMINATED')
  const writing = stream.writable
    .getWriter()
    .write('x')
    .catch((error) => error.code)
  assert.is(await writing, 'ERR_WS_TERMINATED')
})

test('refuses a write after a clean close', async (t) => {
  const { stream } = await open(t, ({ close }) => close({ closeCode: 4001 }))
  assert.is((await stream.closed).closeCode, 4001)
  const writing = stream.writable
    .getWriter()
    .write('x')
    .catch((error) => `${error.code} ${error.message}`)
  assert.is(await writing, 'ERR_WS_CLOSED the connection was closed with 4001')
  const other = await open(t, echo)
  other.stream.close()
  const early = other.stream.writable
    .getWriter()
    .write('x')
    .catch((error) => error.message)
  assert.is(await early, 'the connection is closing')
})

test('closes the connection also when cancel or abort gets a code that is not allowed', async (t) => {
  const ways: ((stream: WebSocketStream) => Promise<void>)[] = [
    ({ readable }) => readable.cancel({ closeCode: 1006 }),
    ({ writable }) => writable.abort({ closeCode: 4000, reason: 'x'.repeat(124) }),
  ]
  for (const way of ways) {
    const { stream } = await open(t, echo)
    assert.instance(await thrownBy(() => way(stream)), RangeError)
    assert.is((await stream.closed).closeCode, 1000)
  }
})

test('fails the writable when the connection is closed, so that a silent producer is released', async (t) => {
  let reason: unknown
  const { stream, connection } = await open(t, async ({ writable }) => {
    const silent = new ReadableStream({
      cancel(given) {
        reason = given
      },
    })
    await silent.pipeTo(writable).catch(() => {})
  })
  connection.close(4001)
  await stream.closed
  await until(() => reason !== undefined)
  assert.is((reason as Error).message, 'the connection was closed with 4001')
})

test('goes on after a write that was dropped because too much waits', async (t) => {
  const limits = { overflow: 'drop', highWaterMark: 1_000, maxBufferedAmount: 2_000 } as const
  const { ws, server } = await serve(t, {
    ...limits,
    urls: {
      '/': require_websocket(async ({ websocket }) => {
        const writer = webSocketStream(websocket).writable.getWriter()
        void websocket.send(new Blob(['first']))
        await writer.write('x'.repeat(2_000))
        await writer.write('later')
        await websocket.wait()
      }),
    },
  })
  const connection = await connect(ws)
  t.after(() => connection.terminate())
  const { readable } = webSocketStream(connection)
  const reader = readable.getReader()
  assert.is(String((await reader.read()).value), 'first')
  assert.is((await reader.read()).value, 'later')
  assert.is(server.stats().droppedMessages, 1)
})
