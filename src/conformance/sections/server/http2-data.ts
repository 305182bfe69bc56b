import {
  type Case,
  connectHttp2,
  expectCleanClose,
  expectEcho,
  expectFailure,
  expectMessage,
  expectSiblingServed,
  expectStreamEnd,
  openStream,
  type Trial,
} from '../../script/index.ts'
import { encodeFrame, FrameFlag, FrameType, Op, Setting } from '../../wire/index.ts'

const KIB = 1024

function textFrame(t: Trial, payload: string | Buffer): Buffer {
  return encodeFrame({ opcode: Op.TEXT, payload }, () => t.random.bytes(4))
}

/** Sends a text frame in two DATA frames, split at each byte in turn (RFC 8441 §5). */
async function splitAnywhere(t: Trial): Promise<void> {
  const { peer, stream } = await openStream(t, await connectHttp2(t))
  const { length } = textFrame(t, 'Hello')
  for (let at = 1; at < length; at++) {
    const bytes = textFrame(t, 'Hello')
    stream.sendData(bytes.subarray(0, at))
    stream.sendData(bytes.subarray(at))
    await expectEcho(t, peer, 'Hello')
  }
}

async function manyInOne(t: Trial): Promise<void> {
  const { peer, stream } = await openStream(t, await connectHttp2(t))
  const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`)
  stream.sendData(Buffer.concat(texts.map((text) => textFrame(t, text))))
  for (const text of texts) await expectEcho(t, peer, text)
}

async function emptyBetween(t: Trial): Promise<void> {
  const { peer, stream } = await openStream(t, await connectHttp2(t))
  for (const byte of textFrame(t, 'Hello')) {
    stream.sendData(Buffer.alloc(0))
    stream.sendData(Buffer.from([byte]))
  }
  await expectEcho(t, peer, 'Hello')
}

/** Padding is not part of the data, but it counts toward flow control (RFC 9113 §6.1). */
async function padded(t: Trial): Promise<void> {
  const { peer, stream } = await openStream(t, await connectHttp2(t))
  for (const padding of [0, 1, 255]) {
    stream.sendData(textFrame(t, `padding ${padding}`), { padding })
    await expectEcho(t, peer, `padding ${padding}`)
  }
}

/** Uses windows that are much smaller than the message (RFC 9113 §6.9). */
async function aboveTheWindow(t: Trial): Promise<void> {
  const connection = await connectHttp2(t, [[Setting.INITIAL_WINDOW_SIZE, 10_000]])
  const { peer } = await openStream(t, connection)
  const payload = Buffer.alloc(Math.min(KIB * KIB, t.context.maxMessage), 'flow control ')
  // Not awaited, because it ends only after WINDOW_UPDATE.
  void peer.sendBinary(payload)
  await expectEcho(t, peer, payload, Op.BINARY)
  t.require(connection.faults.length === 0, 'no DATA above a window', connection.faults.join(', '))
}

/** Closes the window of one stream. The target must wait on this stream and continue on others (RFC 9113 §6.9). */
async function closedWindow(t: Trial): Promise<void> {
  const connection = await connectHttp2(t, [[Setting.INITIAL_WINDOW_SIZE, 0]])
  const blocked = await openStream(t, connection)
  const sibling = await openStream(t, connection)
  sibling.stream.giveCredit(64 * KIB)
  await blocked.peer.sendText('waits')
  await expectSiblingServed(t, sibling)
  t.require(
    blocked.stream.receivedBytes === 0 && connection.faults.length === 0,
    'no DATA while the window is closed',
    `${blocked.stream.receivedBytes} bytes`,
  )
  blocked.stream.giveCredit(64 * KIB)
  await expectEcho(t, blocked.peer, 'waits')
}

/** Makes a window negative with SETTINGS. The target must wait until it is positive again (RFC 9113 §6.9.2). */
async function shrunkWindow(t: Trial): Promise<void> {
  const connection = await connectHttp2(t, [[Setting.INITIAL_WINDOW_SIZE, 100]])
  const { peer, stream } = await openStream(t, connection)
  stream.givesCredit = false
  const payload = Buffer.alloc(60, 'x')
  await peer.sendBinary(payload)
  await expectEcho(t, peer, payload, Op.BINARY)
  connection.changeInitialWindow(10)
  t.require(await connection.ping(t.timeout), 'an acknowledgment of PING', 'none')
  const before = stream.receivedBytes
  await peer.sendBinary(payload)
  t.require(await connection.ping(t.timeout), 'an acknowledgment of PING', 'none')
  t.require(stream.receivedBytes === before, 'no DATA while the window is negative', 'DATA')
  stream.giveCredit(KIB)
  await expectEcho(t, peer, payload, Op.BINARY)
}

async function unmasked(t: Trial): Promise<void> {
  const connection = await connectHttp2(t)
  const sibling = await openStream(t, connection)
  const { peer } = await openStream(t, connection)
  await peer.sendFrame({ opcode: Op.TEXT, payload: 'Hello', mask: false })
  await expectFailure(t, peer, [1002])
  await expectSiblingServed(t, sibling)
}

async function neverMasked(t: Trial): Promise<void> {
  const { peer } = await openStream(t, await connectHttp2(t))
  await peer.sendText('Hello')
  const { frames } = await expectMessage(t, peer, 'the echo')
  await peer.sendPing('mask')
  const pong = await peer.expectPong()
  await peer.sendClose(1000)
  const { frame } = await peer.expectClose()
  t.require(
    [...frames, pong, frame].every(({ masked }) => !masked),
    'frames without a mask',
    'a masked frame',
  )
}

/** Sends DATA after END_STREAM, which must not be read (RFC 9113 §5.1). */
async function dataAfterEnd(t: Trial): Promise<void> {
  const connection = await connectHttp2(t)
  const { peer, stream } = await openStream(t, connection)
  stream.sendData(Buffer.alloc(0), { isEnd: true })
  connection.sendFrame(FrameType.DATA, 0, stream.id, textFrame(t, 'too late'))
  await expectStreamEnd(t, connection, stream)
  const echo = peer.queued.find(({ kind }) => kind === 'message')
  t.require(echo === undefined, 'no echo of DATA after END_STREAM', 'an echo')
}

/** Trailer fields end the stream and have no other effect (RFC 9113 §8.1). */
async function trailers(t: Trial): Promise<void> {
  const connection = await connectHttp2(t)
  const sibling = await openStream(t, connection)
  const { peer, stream } = await openStream(t, connection)
  await peer.sendText('before')
  await expectEcho(t, peer, 'before')
  stream.onOwnEnd()
  connection.sendFields(stream, [['x-conf', '1']], FrameFlag.END_STREAM)
  await expectStreamEnd(t, connection, stream)
  await expectSiblingServed(t, sibling)
}

/** Sends END_STREAM inside a frame (RFC 8441 §5). */
async function endInsideFrame(t: Trial): Promise<void> {
  const connection = await connectHttp2(t)
  const sibling = await openStream(t, connection)
  const { peer, stream } = await openStream(t, connection)
  stream.sendData(textFrame(t, 'Hello').subarray(0, 8), { isEnd: true })
  await expectStreamEnd(t, connection, stream)
  t.require(!peer.queued.some(({ kind }) => kind === 'message'), 'no message', 'a message')
  await expectSiblingServed(t, sibling)
}

/** Performs the closing handshake with padded DATA frames of one byte. */
async function closeByBytes(t: Trial): Promise<void> {
  const { peer, stream } = await openStream(t, await connectHttp2(t))
  for (const byte of peer.frameBytes({ opcode: Op.CLOSE, payload: Buffer.from([3, 232]) })) {
    stream.sendData(Buffer.from([byte]), { padding: 3 })
  }
  await expectCleanClose(t, peer, { sent: true, strict: true })
}

/** WebSocket frames in DATA frames (RFC 8441 §5, RFC 9113 §6.1, §6.9): `h2.data`. */
export const http2Data: Case[] = [
  { id: 'h2.data.frame-split', needs: ['http2', 'echo'], run: splitAnywhere },
  { id: 'h2.data.many-in-one', needs: ['http2', 'echo'], run: manyInOne },
  { id: 'h2.data.empty-data', needs: ['http2', 'echo'], run: emptyBetween },
  { id: 'h2.data.padded', needs: ['http2', 'echo'], run: padded },
  { id: 'h2.data.flow-control', needs: ['http2', 'echo'], run: aboveTheWindow },
  { id: 'h2.data.window-zero', needs: ['http2', 'echo'], run: closedWindow },
  { id: 'h2.data.window-shrunk', needs: ['http2', 'echo'], run: shrunkWindow },
  { id: 'h2.data.unmasked', needs: ['http2'], run: unmasked },
  { id: 'h2.data.server-unmasked', needs: ['http2', 'echo'], run: neverMasked },
  { id: 'h2.data.after-end-stream', needs: ['http2', 'echo'], run: dataAfterEnd },
  { id: 'h2.data.end-inside-frame', needs: ['http2'], run: endInsideFrame },
  { id: 'h2.data.trailers', needs: ['http2', 'echo'], run: trailers },
  { id: 'h2.data.close-by-bytes', needs: ['http2'], run: closeByBytes },
]
