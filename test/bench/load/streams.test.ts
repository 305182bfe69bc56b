import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import { openConnection, openConnections } from '../../../bench/load/connection.ts'
import type { Target } from '../../../bench/load/workload.ts'
import { prepareHandshake } from '../../../bench/scenarios/handshake.ts'
import { buildFrame, CLOSE } from '../../../bench/wire/frame.ts'
import { assert, suite, type TestContext, thrownBy } from '../../support/unit.ts'
import { makeOrder } from '../support/fake-server.ts'

const test = suite('bench load over HTTP/2')

interface Started {
  target: Target
  sessions: ServerHttp2Session[]
}

/** Starts a server that speaks only HTTP/2, and responds to each stream with `answer`. */
async function start(
  t: TestContext,
  answer: (stream: ServerHttp2Stream) => void,
  enableConnectProtocol = true,
): Promise<Started> {
  const server: Http2Server = createServer({ settings: { enableConnectProtocol } })
  const sessions: ServerHttp2Session[] = []
  server.on('session', (session) => sessions.push(session))
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    answer(stream)
  })
  t.after(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
  return { target: { host: '127.0.0.1', port, path: '/', tls: false, http2: true }, sessions }
}

/** Accepts a stream, and replies to its first bytes with a Close frame and the end of the stream. */
function acceptAndClose(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200 })
  stream.once('data', () => stream.end(buildFrame(CLOSE, Buffer.from([3, 232]))))
}

test('opens a hundred streams on each connection, which ends after the last of them', async (t) => {
  const { target, sessions } = await start(t, acceptAndClose)
  const opened = await openConnections(target, 250)
  assert.is(opened.length, 250)
  assert.is(sessions.length, 3)
  const ended = sessions.map((session) => new Promise<void>((resolve) => session.once('close', resolve)))
  await Promise.all(opened.map((connection) => connection.close()))
  await Promise.all(ended)
})

test('passes bytes in both directions, and the accepted extensions', async (t) => {
  const { target } = await start(t, (stream) => {
    stream.respond({ ':status': 200, 'sec-websocket-extensions': 'permessage-deflate' })
    stream.pipe(stream)
  })
  const connection = await openConnection(target, { extensions: 'permessage-deflate' })
  assert.is(connection.extensions, 'permessage-deflate')
  const echoed = new Promise<string>((resolve) => {
    connection.onBytes = (bytes, start, end) => resolve(bytes.toString('latin1', start, end))
  })
  connection.write(Buffer.from('hello'))
  assert.is(await echoed, 'hello')
  connection.socket.destroy()
})

test('fails when the server rejects the handshake, or resets it', async (t) => {
  const refusing = await start(t, (stream) => stream.respond({ ':status': 403 }, { endStream: true }))
  assert.match((await thrownBy(() => openConnection(refusing.target))).message, /answered 403, expected 200/)
  const resetting = await start(t, (stream) => stream.close(8))
  assert.match((await thrownBy(() => openConnection(resetting.target))).message, /reset the stream|NGHTTP2_CANCEL/)
})

test('fails when the server has not allowed extended CONNECT', async (t) => {
  const { target } = await start(t, acceptAndClose, false)
  assert.match((await thrownBy(() => openConnection(target))).message, /SETTINGS_ENABLE_CONNECT_PROTOCOL/)
})

test('counts streams that were closed on both sides as handshakes', async (t) => {
  const { target, sessions } = await start(t, acceptAndClose)
  const order = { ...makeOrder(target.port, { scenario: 'handshake', connections: 4 }), target, warmupMs: 0 }
  const load = await prepareHandshake(order)
  const { count } = await load.run()
  assert.ok(count >= 4)
  assert.is(sessions.length, Math.ceil(count / 100))
  await load.finish()
})

test('fails when the server ends a stream without a Close frame', async (t) => {
  const { target } = await start(t, (stream) => {
    stream.respond({ ':status': 200 })
    stream.once('data', () => stream.end())
  })
  const order = { ...makeOrder(target.port, { scenario: 'handshake' }), target }
  assert.match((await thrownBy(() => prepareHandshake(order))).message, /did not answer the Close frame/)
})
