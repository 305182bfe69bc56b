import { type AddressInfo, createServer } from 'node:net'
import {
  type Case,
  type ConnectChanges,
  connectFields,
  connectHttp2,
  describeHttp2Answer,
  expectRefusedRequest,
  expectSiblingServed,
  openStream,
  type Trial,
  waitForAnswer,
} from '../../script/index.ts'
import type { Http2Field } from '../../wire/index.ts'

function leaveOut(...names: string[]): ConnectChanges {
  return { set: Object.fromEntries(names.map((name) => [name, null])) }
}

function add(name: string, value: string): ConnectChanges {
  return { add: [[name, value]] }
}

/** Repeats a pseudo-header field directly after the first one, so that only the repetition is invalid. */
function twice(t: Trial, name: string, value?: string): Http2Field[] {
  return connectFields(t).flatMap((field) =>
    field[0] === name ? [field, [name, value ?? field[1]] as const] : [field],
  )
}

/** Adds a pseudo-header field that is not defined for requests, before the other fields. */
function withPseudo(t: Trial, name: string, value: string): Http2Field[] {
  return [[name, value], ...connectFields(t)]
}

const malformed: [id: string, fields: (t: Trial) => Http2Field[]][] = [
  ['h2.bad.protocol-twice', (t) => twice(t, ':protocol')],
  ['h2.bad.method-twice', (t) => twice(t, ':method')],
  ['h2.bad.path-twice', (t) => twice(t, ':path', '/other')],
  ['h2.bad.unknown-pseudo', (t) => withPseudo(t, ':x-conf', '1')],
  ['h2.bad.status', (t) => withPseudo(t, ':status', '200')],
  ['h2.bad.no-method', (t) => connectFields(t, leaveOut(':method'))],
  ['h2.bad.no-scheme', (t) => connectFields(t, leaveOut(':scheme'))],
  ['h2.bad.no-path', (t) => connectFields(t, leaveOut(':path'))],
  ['h2.bad.empty-path', (t) => connectFields(t, { set: { ':path': '' } })],
  ['h2.bad.no-authority', (t) => connectFields(t, leaveOut(':authority'))],
  ['h2.bad.no-protocol', (t) => connectFields(t, leaveOut(':protocol'))],
  ['h2.bad.connection', (t) => connectFields(t, add('connection', 'upgrade'))],
  ['h2.bad.upgrade', (t) => connectFields(t, add('upgrade', 'websocket'))],
  ['h2.bad.transfer-encoding', (t) => connectFields(t, add('transfer-encoding', 'chunked'))],
  ['h2.bad.te', (t) => connectFields(t, add('te', 'gzip'))],
  ['h2.bad.upper-name', (t) => connectFields(t, { set: { 'sec-websocket-version': null }, ...upperName })],
  ['h2.bad.name-byte', (t) => connectFields(t, add('x conf', '1'))],
  ['h2.bad.value-byte', (t) => connectFields(t, add('x-conf', 'a\r\nb'))],
  ['h2.bad.pseudo-after', (t) => pseudoLast(connectFields(t))],
]

const upperName: ConnectChanges = add('Sec-WebSocket-Version', '13')

/** Moves `:path` after the regular fields. */
function pseudoLast(fields: readonly Http2Field[]): Http2Field[] {
  return [...fields.filter(([name]) => name !== ':path'), ...fields.filter(([name]) => name === ':path')]
}

const refused: [id: string, changes: ConnectChanges][] = [
  ['h2.bad.protocol-unknown', { set: { ':protocol': 'x-conf' } }],
  ['h2.bad.protocol-list', { set: { ':protocol': 'websocket, x' } }],
  ['h2.bad.protocol-empty', { set: { ':protocol': '' } }],
  ['h2.bad.get-protocol', { set: { ':method': 'GET' } }],
  ['h2.bad.content-length', add('content-length', '5')],
  ['h2.bad.no-version', leaveOut('sec-websocket-version')],
]

/** Expects that another version is refused, with a list of the supported versions (RFC 6455 §4.4). */
async function sendVersion99(t: Trial): Promise<void> {
  const connection = await connectHttp2(t)
  const stream = connection.request(connectFields(t, { set: { 'sec-websocket-version': '99' } }))
  await waitForAnswer(t, connection, stream)
  const { response } = stream
  const actual = describeHttp2Answer(connection, stream)
  t.require(response !== null && response.status >= 400 && response.status < 500, 'status 4xx', actual)
  const versions = response.fields.filter(([name]) => name === 'sec-websocket-version').map(([, value]) => value)
  t.assert(versions.join().includes('13'), 'sec-websocket-version: 13', versions.join() || 'no sec-websocket-version')
}

/** Checks that the server does not connect to `:authority`, as a proxy does for a classic CONNECT (RFC 8441 §4). */
async function offerDecoy(t: Trial): Promise<void> {
  let isReached = false
  const decoy = createServer((socket) => {
    isReached = true
    socket.destroy()
  })
  await new Promise<void>((resolve) => decoy.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = decoy.address() as AddressInfo
    const connection = await connectHttp2(t)
    const sibling = await openStream(t, connection)
    const stream = connection.request(connectFields(t, { set: { ':authority': `127.0.0.1:${port}` } }))
    await waitForAnswer(t, connection, stream)
    t.note(describeHttp2Answer(connection, stream))
    await expectSiblingServed(t, sibling)
    t.require(!isReached, 'no connection to the host in :authority', 'a connection to that host')
  } finally {
    decoy.close()
  }
}

/** Requests that must be refused without an effect on other streams (RFC 9113 §8.1.1, RFC 8441 §4, §5): `h2.bad`. */
export const http2Malformed: Case[] = [
  ...malformed.map(
    ([id, fields]): Case => ({ id, needs: ['http2'], run: (t) => expectRefusedRequest(t, fields(t), 'perr') }),
  ),
  ...refused.map(
    ([id, changes]): Case => ({
      id,
      needs: ['http2'],
      run: (t) => expectRefusedRequest(t, connectFields(t, changes), '4xx'),
    }),
  ),
  { id: 'h2.bad.version', needs: ['http2'], run: sendVersion99 },
  { id: 'h2.bad.decoy', needs: ['http2'], run: offerDecoy },
]
