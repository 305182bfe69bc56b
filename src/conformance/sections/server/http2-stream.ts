import { describeInbound, type Http2Connection } from '../../peer/index.ts'
import {
  type Case,
  connectFields,
  connectHttp2,
  describeHttp2Answer,
  describeHttp2End,
  expectCleanClose,
  expectEcho,
  expectFailure,
  expectProbe,
  expectSiblingServed,
  expectStreamEnd,
  openStream,
  type StreamPeer,
  type Trial,
  waitForAnswer,
} from '../../script/index.ts'
import { closeBody, FrameType, Http2Error, Op, Setting } from '../../wire/index.ts'

/** Uses two WebSockets on one connection. */
async function openTwo(t: Trial): Promise<{ connection: Http2Connection; one: StreamPeer; other: StreamPeer }> {
  const connection = await connectHttp2(t)
  return { connection, one: await openStream(t, connection), other: await openStream(t, connection) }
}

async function talkOnTwo(t: Trial): Promise<void> {
  const { one, other } = await openTwo(t)
  for (let round = 0; round < 10; round++) {
    await one.peer.sendFrame({ opcode: Op.TEXT, fin: false, payload: `one ${round}` })
    await other.peer.sendText(`other ${round}`)
    await one.peer.sendFrame({ opcode: Op.CONT, payload: ' ends' })
    await expectEcho(t, one.peer, `one ${round} ends`)
    await expectEcho(t, other.peer, `other ${round}`)
  }
}

/** Opens as many streams as the target allows, at most 50. */
async function talkOnMany(t: Trial): Promise<void> {
  const connection = await connectHttp2(t)
  const count = Math.min(50, connection.settings.get(Setting.MAX_CONCURRENT_STREAMS) ?? 50)
  const opened: StreamPeer[] = []
  for (let index = 0; index < count; index++) opened.push(await openStream(t, connection))
  for (const [index, { peer }] of opened.entries()) await peer.sendText(`stream ${index}`)
  for (const [index, { peer }] of opened.entries()) await expectEcho(t, peer, `stream ${index}`)
}

async function getBetween(t: Trial): Promise<void> {
  const connection = await connectHttp2(t)
  const { peer } = await openStream(t, connection)
  await peer.sendText('before')
  await expectEcho(t, peer, 'before')
  const fields = connectFields(t, {
    set: { ':method': 'GET', ':protocol': null, 'sec-websocket-version': null },
  })
  const get = connection.request(fields, { isEnd: true })
  await peer.sendText('meanwhile')
  await expectEcho(t, peer, 'meanwhile')
  await waitForAnswer(t, connection, get)
  t.require(get.response !== null, 'a response to GET', describeHttp2Answer(connection, get))
  await peer.sendText('after')
  await expectEcho(t, peer, 'after')
}

async function failOne(t: Trial): Promise<void> {
  const { one, other, connection } = await openTwo(t)
  await one.peer.sendFrame({ opcode: 3, payload: '' })
  await expectFailure(t, one.peer, [1002])
  await expectSiblingServed(t, other)
  await expectProbe(t, (await openStream(t, connection)).peer)
}

/** Sends a Close and END_STREAM in one frame. The other direction is open until the target has sent its Close. */
async function closeWithEndStream(t: Trial): Promise<void> {
  const { one, other } = await openTwo(t)
  one.stream.sendData(one.peer.frameBytes({ opcode: Op.CLOSE, payload: closeBody(1000) }), { isEnd: true })
  await expectCleanClose(t, one.peer, { sent: true, strict: true })
  await expectSiblingServed(t, other)
}

/** Performs the closing handshake, which ends with END_STREAM instead of FIN (RFC 8441 §5). */
async function closeCleanly(t: Trial): Promise<void> {
  const { one, other, connection } = await openTwo(t)
  await expectCleanClose(t, one.peer, { strict: true })
  t.require(one.stream.isEnded, 'END_STREAM', describeHttp2End(connection, one.stream))
  await expectSiblingServed(t, other)
}

async function endWithoutClose(t: Trial): Promise<void> {
  const { one, other, connection } = await openTwo(t)
  one.stream.sendData(Buffer.alloc(0), { isEnd: true })
  await expectStreamEnd(t, connection, one.stream)
  t.note(describeHttp2End(connection, one.stream))
  await expectSiblingServed(t, other)
  await expectProbe(t, (await openStream(t, connection)).peer)
}

async function resetOne(t: Trial): Promise<void> {
  const { one, other, connection } = await openTwo(t)
  one.stream.reset(Http2Error.CANCEL)
  await expectSiblingServed(t, other)
  await expectProbe(t, (await openStream(t, connection)).peer)
}

/** Resets a stream inside a fragmented message and inside a frame. */
async function resetInsideMessage(t: Trial): Promise<void> {
  const { one, other, connection } = await openTwo(t)
  await one.peer.sendFrame({ opcode: Op.TEXT, fin: false, payload: 'begins' })
  one.stream.sendData(Buffer.from([0x80, 0xfe, 0x10, 0x00, 1, 2]))
  one.stream.reset(Http2Error.CANCEL)
  await expectSiblingServed(t, other)
  await expectProbe(t, (await openStream(t, connection)).peer)
}

/** Checks how the target ends a stream after a violation (RFC 8441 §5). */
async function endAbruptly(t: Trial): Promise<void> {
  const { one, other, connection } = await openTwo(t)
  await one.peer.sendFrame({ opcode: Op.TEXT, payload: 'Hello', mask: false })
  const event = await one.peer.nextMeaningful()
  const expected = 'Close and END_STREAM, or RST_STREAM CANCEL'
  await connection.until(() => one.stream.isOver, t.timeout)
  const actual = `${describeInbound(event, t.timeout)}; ${describeHttp2End(connection, one.stream)}`
  const isCancelled = one.stream.resetCode === Http2Error.CANCEL
  t.require((event?.kind === 'close' && one.stream.isEnded) || isCancelled, expected, actual)
  await expectSiblingServed(t, other)
}

/** Sends GOAWAY, after which open streams continue (RFC 9113 §6.8). */
async function sayGoaway(t: Trial): Promise<void> {
  const connection = await connectHttp2(t)
  const { peer, stream } = await openStream(t, connection)
  connection.sendFrame(FrameType.GOAWAY, 0, 0, Buffer.alloc(8))
  await peer.sendPing('goaway')
  const event = await peer.nextMeaningful()
  t.note(
    event?.kind === 'pong'
      ? 'the WebSocket continues'
      : `${describeInbound(event, t.timeout)}; ${describeHttp2End(connection, stream)}`,
  )
}

/**
 * Several WebSockets on one connection (RFC 9113 §5), and how each of them ends (RFC 8441 §5): `h2.mux`, `h2.close`.
 */
export const http2Streams: Case[] = [
  { id: 'h2.mux.two', needs: ['http2', 'echo'], run: talkOnTwo },
  { id: 'h2.mux.many', needs: ['http2', 'echo'], run: talkOnMany },
  { id: 'h2.mux.with-get', needs: ['http2', 'echo'], run: getBetween },
  { id: 'h2.mux.fail-one', needs: ['http2'], run: failOne },
  { id: 'h2.close.clean', needs: ['http2'], run: closeCleanly },
  { id: 'h2.close.with-end-stream', needs: ['http2'], run: closeWithEndStream },
  { id: 'h2.close.end-stream-client', needs: ['http2'], run: endWithoutClose },
  { id: 'h2.close.rst-client', needs: ['http2'], run: resetOne },
  { id: 'h2.close.rst-inside-message', needs: ['http2'], run: resetInsideMessage },
  { id: 'h2.close.rst-code', needs: ['http2'], run: endAbruptly },
  { id: 'h2.close.goaway', needs: ['http2'], run: sayGoaway },
]
