import {
  type Http2Connection,
  type Http2Settings,
  type Http2Stream,
  Mismatch,
  OpenTimeout,
  openHttp2,
  type Peer,
} from '../peer/index.ts'
import { agreementOf, type Http2Field, nameHttp2Error } from '../wire/index.ts'
import { skipCrowded } from './admission.ts'
import type { Trial } from './trial.ts'

/**
 * Opens an HTTP/2 connection, which is closed at the end of the case. Ends the case when the target does not accept it.
 */
export async function connectHttp2(t: Trial, settings?: Http2Settings): Promise<Http2Connection> {
  const { target, timeout } = t.context
  try {
    const place = { secure: target.secure, tls: target.tls, connectPlain: () => t.dial(true) }
    const connection = await openHttp2(place, timeout, { settings, log: t.log, onTimeout: t.noteTimeout })
    t.connections.push(connection)
    return connection
  } catch (error) {
    if (error instanceof OpenTimeout) t.noteTimeout()
    throw new Mismatch('an HTTP/2 connection with SETTINGS', (error as Error).message)
  }
}

/** How a request differs from the extended CONNECT request of RFC 8441 §5. */
export interface ConnectChanges {
  /** Changes fields by name; `null` omits the field. */
  set?: Record<string, string | null>
  /** Further fields, after the regular ones. */
  add?: readonly Http2Field[]
}

/** Returns the fields of an extended CONNECT request with these differences. */
export function connectFields(t: Trial, { set = {}, add = [] }: ConnectChanges = {}): Http2Field[] {
  const { base, secure } = t.context.target
  const plain: Http2Field[] = [
    [':method', 'CONNECT'],
    [':protocol', 'websocket'],
    [':scheme', secure ? 'https' : 'http'],
    [':authority', base.authority],
    [':path', base.path],
    ['sec-websocket-version', '13'],
  ]
  const changed = plain
    .map(([name, value]): [string, string | null] => [name, name in set ? set[name] : value])
    .filter((field): field is [string, string] => field[1] !== null)
  const extra = base.extra.map(([name, value]): Http2Field => [name.toLowerCase(), value])
  return [...changed, ...extra, ...add]
}

/** Waits until a stream has a response, was reset, or its connection ended. */
export async function waitForAnswer(t: Trial, connection: Http2Connection, stream: Http2Stream): Promise<void> {
  await connection.until(() => stream.isSettled, t.timeout)
}

/** Describes the response to a request. */
export function describeHttp2Answer(connection: Http2Connection, stream: Http2Stream): string {
  if (stream.response !== null) return `status ${stream.response.status}`
  if (stream.resetCode !== null) return `RST_STREAM ${nameHttp2Error(stream.resetCode)}`
  if (connection.goaway !== null) return `GOAWAY ${nameHttp2Error(connection.goaway)}`
  return connection.hasEnded ? 'the end of the connection without GOAWAY' : 'no response in time'
}

/** Describes how a stream ended. */
export function describeHttp2End(connection: Http2Connection, stream: Http2Stream): string {
  if (stream.isEnded) return 'END_STREAM'
  if (stream.response !== null && stream.resetCode === null && !connection.hasEnded)
    return 'no end of the stream in time'
  return stream.resetCode === null
    ? describeHttp2Answer(connection, stream)
    : `RST_STREAM ${nameHttp2Error(stream.resetCode)}`
}

/** A WebSocket on a stream. */
export interface StreamPeer {
  stream: Http2Stream
  peer: Peer
}

/** Expects a 200 response and returns the WebSocket on the stream. Ends the case for another response. */
export async function expectOpen(t: Trial, connection: Http2Connection, stream: Http2Stream): Promise<StreamPeer> {
  await waitForAnswer(t, connection, stream)
  const status = stream.response?.status
  if (status === 503 || status === 429) skipCrowded(t, `the target serves no further stream (${status})`)
  t.require(
    stream.response?.status === 200 && !stream.response.isEnd,
    'status 200 without END_STREAM',
    describeHttp2Answer(connection, stream) + (stream.response?.isEnd ? ' with END_STREAM' : ''),
  )
  const peer = t.adopt({ stream, reset: () => stream.reset(), isReset: () => stream.resetCode !== null })
  stream.onOwnEnd = () => peer.recordOwnEnd()
  peer.startFrames(agreementOf(stream.response))
  return { stream, peer }
}

/** Opens a WebSocket on a new stream of the connection. */
export function openStream(t: Trial, connection: Http2Connection, changes?: ConnectChanges): Promise<StreamPeer> {
  return expectOpen(t, connection, connection.request(connectFields(t, changes)))
}

/**
 * Expects the end of the stream after the client's END_STREAM, which stands for a FIN (RFC 8441 §5). No rule requires
 * the server to end its direction at that point, so an open stream is a warning (RFC 6455 §7.1.1).
 */
export async function expectStreamEnd(t: Trial, connection: Http2Connection, stream: Http2Stream): Promise<void> {
  const isOver = await connection.until(() => stream.isOver, t.timeout)
  const actual = isOver ? describeHttp2End(connection, stream) : `none within ${t.timeout} ms`
  t.assertShould(isOver, 'the end of the stream', actual, '6455-7.1.1-1')
}

/** Checks with a ping that another stream still works. */
export async function expectSiblingServed(t: Trial, { peer }: StreamPeer, mark = 'sibling'): Promise<void> {
  await t.within('the other stream', async () => {
    await peer.sendPing(mark)
    await peer.expectPong(Buffer.from(mark))
  })
}

/** `perr`: RST_STREAM PROTOCOL_ERROR or status 400. `4xx`: RST_STREAM or any status from 400 on. */
type Refusal = 'perr' | '4xx'

/**
 * Expects that a request is refused (RFC 9113 §8.1.1). Another error code is a warning, and so is the end of the whole
 * connection, because other streams must continue.
 */
export async function expectRefusedRequest(
  t: Trial,
  fields: readonly Http2Field[],
  refusal: Refusal,
  isEnd = false,
): Promise<void> {
  const connection = await connectHttp2(t)
  const sibling = await openStream(t, connection)
  const stream = connection.request(fields, { isEnd })
  await waitForAnswer(t, connection, stream)
  const actual = describeHttp2Answer(connection, stream)
  const expected = refusal === 'perr' ? 'RST_STREAM PROTOCOL_ERROR or status 400' : 'status 4xx, 501 or RST_STREAM'
  const { response, resetCode } = stream
  t.require(
    resetCode !== null || connection.hasEnded || (response !== null && response.status >= 400),
    expected,
    actual,
  )
  if (response !== null && refusal === 'perr') t.assertShould(response.status === 400, expected, actual)
  if (response === null && resetCode !== null) t.assertShould(resetCode === 1, expected, actual)
  t.note(actual)
  if (t.assertShould(!connection.hasEnded, 'an error of the stream only', actual, '9113-8.1.1-1')) {
    await expectSiblingServed(t, sibling)
  }
}
