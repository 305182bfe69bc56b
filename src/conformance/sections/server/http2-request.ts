import {
  type Case,
  type ConnectChanges,
  connectFields,
  connectHttp2,
  Deflater,
  describeHttp2Answer,
  expectMessage,
  expectOpen,
  expectProbe,
  openStream,
  type StreamPeer,
  type Trial,
  waitForAnswer,
} from '../../script/index.ts'
import { encodeFields, encodeFrame, FrameFlag, FrameType, fieldValue, type Http2Field, Op } from '../../wire/index.ts'
import { refusesClient } from './allowed-refusal.ts'

/** Expects that an extended CONNECT with these differences gets a 200 and a working WebSocket. */
async function expectServed(t: Trial, changes?: ConnectChanges): Promise<StreamPeer> {
  const opened = await openStream(t, await connectHttp2(t), changes)
  await expectProbe(t, opened.peer)
  return opened
}

/** Returns the value of a field in the response to an extended CONNECT with these differences, or null. */
async function answerField(t: Trial, name: string, changes?: ConnectChanges): Promise<string | null> {
  const { stream } = await openStream(t, await connectHttp2(t), changes)
  return fieldValue({ fields: stream.response?.fields ?? [] }, name)
}

async function expectNoAccept(t: Trial): Promise<void> {
  const accept = await answerField(t, 'sec-websocket-accept')
  t.require(accept === null, '200 without sec-websocket-accept', `sec-websocket-accept: ${accept}`)
}

/** Checks that names are in lower case and that there are no connection-specific fields (RFC 9113 §8.2). */
async function expectPlainFields(t: Trial): Promise<void> {
  const { stream } = await openStream(t, await connectHttp2(t), offer)
  const names = stream.response?.fields.map(([name]) => name) ?? []
  const upper = names.find((name) => name !== name.toLowerCase())
  t.require(upper === undefined, 'names in lower case', String(upper), { requirement: '9113-8.2.1-1' })
  const forbidden = names.find((name) => FORBIDDEN.includes(name))
  t.require(forbidden === undefined, 'no connection-specific field', String(forbidden), { requirement: '9113-8.2.2-1' })
  const length = fieldValue({ fields: stream.response?.fields ?? [] }, 'content-length')
  t.require(length === null, 'no content-length in the response to CONNECT', `content-length: ${length}`)
}

/** Connection-specific fields (RFC 9113 §8.2.2). */
const FORBIDDEN = ['connection', 'upgrade', 'keep-alive', 'proxy-connection', 'transfer-encoding']

const offer: ConnectChanges = { add: [['sec-websocket-extensions', 'permessage-deflate']] }

/** Checks that the status is not 101, which HTTP/2 does not support (RFC 9113 §8.6). */
async function expectSuccessStatus(t: Trial): Promise<void> {
  const connection = await connectHttp2(t)
  const stream = connection.request(connectFields(t))
  await waitForAnswer(t, connection, stream)
  const { response } = stream
  t.require(
    response !== null && response.status >= 200 && response.status < 300 && !stream.interim.includes(101),
    'status 2xx, never 101',
    stream.interim.includes(101) ? 'status 101' : describeHttp2Answer(connection, stream),
  )
}

async function reportAuthority(t: Trial): Promise<void> {
  await expectServed(t)
  const connection = await connectHttp2(t)
  const stream = connection.request(connectFields(t, { set: { ':authority': 'other.invalid' } }))
  await waitForAnswer(t, connection, stream)
  t.note(describeHttp2Answer(connection, stream))
}

async function expectSubprotocol(t: Trial): Promise<void> {
  const { subprotocol } = t.context
  const value = await answerField(t, 'sec-websocket-protocol', {
    add: [['sec-websocket-protocol', `x-conf, ${subprotocol}`]],
  })
  t.require(value === subprotocol, `sec-websocket-protocol: ${subprotocol}`, String(value))
}

async function expectNoSubprotocol(t: Trial): Promise<void> {
  const connection = await connectHttp2(t)
  const stream = connection.request(connectFields(t, { add: [['sec-websocket-protocol', 'x-conf']] }))
  await waitForAnswer(t, connection, stream)
  t.require(stream.response !== null, 'a response', describeHttp2Answer(connection, stream))
  const value = fieldValue({ fields: stream.response.fields }, 'sec-websocket-protocol')
  t.require(value === null, 'no sec-websocket-protocol', String(value))
}

/** Expects the echo of a compressed text message, which the peer decompresses as agreed. */
async function expectCompressedEcho(t: Trial): Promise<void> {
  const { peer, stream } = await openStream(t, await connectHttp2(t), offer)
  const value = fieldValue({ fields: stream.response?.fields ?? [] }, 'sec-websocket-extensions')
  t.require(value?.startsWith('permessage-deflate') === true, 'permessage-deflate', String(value))
  const text = 'compressed over HTTP/2 '.repeat(20)
  await peer.sendFrame({ opcode: Op.TEXT, rsv: 4, payload: new Deflater().deflate(Buffer.from(text)) })
  const message = await expectMessage(t, peer, 'the echo')
  t.require(message.payload.toString() === text, 'the same text', `${message.payload.length} bytes`)
}

/** Servers choose which origins and which clients they accept (RFC 6455 §4.2.2). */
async function sendOriginAndCookies(t: Trial): Promise<void> {
  const { base, secure } = t.context.target
  const add: Http2Field[] = [
    ['origin', `${secure ? 'https' : 'http'}://${base.authority}`],
    ['cookie', 'a=1'],
    ['cookie', 'b=2'],
  ]
  const connection = await connectHttp2(t)
  const stream = connection.request(connectFields(t, { add }))
  await waitForAnswer(t, connection, stream)
  const status = stream.response?.status ?? 0
  if (refusesClient(status)) t.skip(`${status}: the target refuses the origin or the cookies`)
  await expectProbe(t, (await expectOpen(t, connection, stream)).peer)
}

async function reportAnswer(t: Trial, changes: ConnectChanges, isEnd = false): Promise<void> {
  const connection = await connectHttp2(t)
  const stream = connection.request(connectFields(t, changes), { isEnd })
  await waitForAnswer(t, connection, stream)
  t.note(describeHttp2Answer(connection, stream))
}

async function sendEarly(t: Trial): Promise<void> {
  const connection = await connectHttp2(t)
  const data = encodeFrame({ opcode: Op.PING, payload: 'early' }, () => t.random.bytes(4))
  const stream = connection.request(connectFields(t), { data })
  await waitForAnswer(t, connection, stream)
  if (stream.response?.status !== 200) return t.note(describeHttp2Answer(connection, stream))
  const { peer } = await expectOpen(t, connection, stream)
  await peer.expectPong(Buffer.from('early'))
  t.note('the frame sent before the 200 is echoed')
}

/** Sends the field block in several frames. Servers limit the number of frames (RFC 9113 §6.10, §10.5.1). */
async function sendInParts(t: Trial): Promise<void> {
  for (const count of [2, 4, 7]) {
    const connection = await connectHttp2(t)
    const stream = connection.createStream()
    const block = encodeFields(connectFields(t))
    const size = Math.ceil(block.length / count)
    connection.sendFrames(
      Array.from({ length: count }, (_, index) => ({
        type: index === 0 ? FrameType.HEADERS : FrameType.CONTINUATION,
        flags: index === count - 1 ? FrameFlag.END_HEADERS : 0,
        stream: stream.id,
        payload: block.subarray(index * size, (index + 1) * size),
      })),
    )
    await t.within(`${count} frames`, async () => {
      await expectProbe(t, (await expectOpen(t, connection, stream)).peer)
    })
  }
}

/** Sends HEADERS with padding and a priority (RFC 9113 §6.2). */
async function sendPaddedHeaders(t: Trial): Promise<void> {
  const connection = await connectHttp2(t)
  const stream = connection.createStream()
  const priority = Buffer.from([0, 0, 0, 0, 15])
  const payload = Buffer.concat([Buffer.from([9]), priority, encodeFields(connectFields(t)), Buffer.alloc(9)])
  const flags = FrameFlag.END_HEADERS | FrameFlag.PADDED | FrameFlag.PRIORITY
  connection.sendFrame(FrameType.HEADERS, flags, stream.id, payload)
  await expectProbe(t, (await expectOpen(t, connection, stream)).peer)
}

/** Extended CONNECT requests that a server must accept (RFC 8441 §4, §5): `h2.ok`. */
export const http2Requests: Case[] = [
  { id: 'h2.ok.minimal', needs: ['http2'], run: async (t) => void (await expectServed(t)) },
  { id: 'h2.ok.no-key', needs: ['http2'], run: expectNoAccept },
  {
    id: 'h2.ok.key-ignored',
    needs: ['http2'],
    run: async (t) => void (await expectServed(t, { add: [['sec-websocket-key', 'x']] })),
  },
  { id: 'h2.ok.fields', needs: ['http2'], run: expectPlainFields },
  { id: 'h2.ok.authority', needs: ['http2'], run: reportAuthority },
  { id: 'h2.ok.status-not-101', needs: ['http2'], run: expectSuccessStatus },
  {
    id: 'h2.ok.origin-cookie',
    needs: ['http2'],
    run: sendOriginAndCookies,
  },
  { id: 'h2.ok.protocol', needs: ['http2', 'subprotocol'], run: expectSubprotocol },
  { id: 'h2.ok.protocol-unknown', needs: ['http2'], run: expectNoSubprotocol },
  { id: 'h2.ok.pmd', needs: ['http2', 'pmd', 'echo'], run: expectCompressedEcho },
  {
    id: 'h2.ok.protocol-case',
    needs: ['http2'],
    run: (t) => reportAnswer(t, { set: { ':protocol': 'WEBSOCKET' } }),
  },
  { id: 'h2.ok.early-data', needs: ['http2'], run: sendEarly },
  { id: 'h2.ok.continuation', needs: ['http2'], run: sendInParts },
  { id: 'h2.ok.padded-headers', needs: ['http2'], run: sendPaddedHeaders },
  { id: 'h2.bad.end-stream', needs: ['http2'], run: (t) => reportAnswer(t, {}, true) },
  {
    id: 'h2.bad.scheme',
    needs: ['http2'],
    run: async (t) => {
      for (const scheme of ['wss', 'ftp']) await reportAnswer(t, { set: { ':scheme': scheme } })
    },
  },
]
