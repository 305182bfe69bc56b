import type { HandshakeError } from '../../src/core/errors.ts'
import {
  type ClientOffer,
  type ClientRequest,
  checkUpgradeResponse,
  formatRequest,
} from '../../src/handshake/client-handshake.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('client-handshake')

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const REQUEST = { host: 'example.com', target: '/chat?a=1', key: KEY }
const DEFLATE = { name: 'permessage-deflate', parameters: [] }

const FIELDS: readonly [string, string][] = [
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
]

/** Returns the smallest valid response with fields replaced (`null` omits a field) and more fields appended. */
function response(changes: Record<string, string | null> = {}, ...more: [string, string][]) {
  const kept = FIELDS.map(([name, value]): [string, string | null] => [name, name in changes ? changes[name] : value])
  const rawHeaders = [...kept.filter(([, value]) => value !== null), ...more].flat() as string[]
  return { statusCode: 101, httpVersion: '1.1', rawHeaders }
}

async function assertRefused(head: ReturnType<typeof response>, code: string, offer: Partial<ClientOffer> = {}) {
  const error = (await thrownBy(() => checkUpgradeResponse(head, { key: KEY, ...offer }))) as HandshakeError
  assert.is(`${error.name} ${error.status} ${error.code}`, `HandshakeError 502 ${code}`, error.message)
}

test('client.req.*: writes the smallest request', () => {
  assert.is(
    formatRequest(REQUEST),
    'GET /chat?a=1 HTTP/1.1\r\n' +
      'Host: example.com\r\n' +
      'Upgrade: websocket\r\n' +
      'Connection: Upgrade\r\n' +
      `Sec-WebSocket-Key: ${KEY}\r\n` +
      'Sec-WebSocket-Version: 13\r\n' +
      '\r\n',
  )
  assert.is(formatRequest({ ...REQUEST, subprotocols: [], extensions: [], headers: {} }), formatRequest(REQUEST))
})

test('writes subprotocols, extensions and the application’s fields', () => {
  const text = formatRequest({
    ...REQUEST,
    subprotocols: ['a', 'b'],
    extensions: [DEFLATE],
    headers: { Origin: 'http://example.com' },
  })
  const rest =
    'Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Extensions: permessage-deflate\r\nOrigin: http://example.com\r\n\r\n'
  assert.ok(text.endsWith(rest), text)
})

test('S-16: refuses to write what would break the request', async () => {
  const bad: Partial<ClientRequest>[] = [
    ...['', 'a b', 'a\r\nX: y', 'u@a', 'a:99999'].map((host) => ({ host })),
    ...['', 'a', 'http://a/', '/a b', '/a#b', '/\r\nX: y', '/\u00e9'].map((target) => ({ target })),
    ...[['a', 'a'], ['a b'], ['a,b'], [''], ['a\r\n']].map((subprotocols) => ({ subprotocols })),
    { extensions: [{ name: 'a b', parameters: [] }] },
    { headers: { Origin: 'a\nb' } },
    { headers: { Host: 'b' } },
    { headers: { 'sec-websocket-key': 'b' } },
  ]
  for (const parts of bad) {
    assert.instance(await thrownBy(() => formatRequest({ ...REQUEST, ...parts })), TypeError, JSON.stringify(parts))
  }
})

test('client.resp.ok: accepts a valid answer', () => {
  assert.equal(checkUpgradeResponse(response(), { key: KEY }), { subprotocol: null, extensions: [] })
  const odd = {
    Upgrade: 'WebSocket',
    Connection: 'keep-alive, upgrade',
    'Sec-WebSocket-Accept': ' s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\t',
  }
  assert.equal(checkUpgradeResponse(response(odd), { key: KEY, subprotocols: ['a'], extensions: [DEFLATE] }), {
    subprotocol: null,
    extensions: [],
  })
})

test('accepts one of the subprotocols and extensions that were offered', () => {
  const head = response({}, ['sec-websocket-protocol', 'b'], ['Sec-WebSocket-Extensions', 'permessage-deflate; a=1'])
  assert.equal(checkUpgradeResponse(head, { key: KEY, subprotocols: ['a', 'b'], extensions: [DEFLATE] }), {
    subprotocol: 'b',
    extensions: [{ name: 'permessage-deflate', parameters: [{ name: 'a', value: '1', quoted: false }] }],
  })
})

test('client.resp.status-*: refuses every status but 101 and reports it', async () => {
  for (const statusCode of [200, 301, 401, 426, 503]) {
    const error = (await thrownBy(() =>
      checkUpgradeResponse({ ...response(), statusCode }, { key: KEY }),
    )) as HandshakeError
    assert.is(`${error.status} ${error.code}`, `${statusCode} ERR_WS_UNEXPECTED_STATUS`)
  }
  const { statusCode: _, ...unknown } = response()
  assert.is(((await thrownBy(() => checkUpgradeResponse(unknown, { key: KEY }))) as HandshakeError).status, 502)
})

test('client.resp.*: refuses an answer that breaks a rule', async () => {
  await assertRefused({ ...response(), httpVersion: '1.0' }, 'ERR_WS_HTTP_VERSION')
  for (const upgrade of [null, '', 'foo', 'websocket2', 'websocket, foo']) {
    await assertRefused(response({ Upgrade: upgrade }), 'ERR_WS_UPGRADE')
  }
  for (const connection of [null, 'close', 'Upgradex', '"Upgrade"']) {
    await assertRefused(response({ Connection: connection }), 'ERR_WS_CONNECTION')
  }
  for (const accept of [null, '', 'S3pPLMBiTxaQ9kYGzzhZRbK+xOo=', 'ICX+Yqv66kxgM0FcWaLWlFLwTAI=']) {
    await assertRefused(response({ 'Sec-WebSocket-Accept': accept }), 'ERR_WS_ACCEPT')
  }
})

test('client.resp.two-accept: refuses fields that occur twice', async () => {
  for (const field of FIELDS.filter(([name]) => name !== 'Connection')) {
    await assertRefused(response({}, field), 'ERR_WS_DUPLICATE_FIELD')
  }
  const offer = { subprotocols: ['a', 'b'], extensions: [DEFLATE, { name: 'x', parameters: [] }] }
  const subprotocols: [string, string][] = [
    ['Sec-WebSocket-Protocol', 'a'],
    ['Sec-WebSocket-Protocol', 'b'],
  ]
  await assertRefused(response({}, ...subprotocols), 'ERR_WS_DUPLICATE_FIELD', offer)
  const extensions: [string, string][] = [
    ['Sec-WebSocket-Extensions', 'x'],
    ['Sec-WebSocket-Extensions', 'permessage-deflate'],
  ]
  await assertRefused(response({}, ...extensions), 'ERR_WS_DUPLICATE_FIELD', offer)
})

test('client.resp.proto-*: refuses a subprotocol that was not requested', async () => {
  for (const name of ['x-conf', '', 'A', 'a, b', 'constructor']) {
    const head = response({}, ['Sec-WebSocket-Protocol', name])
    await assertRefused(head, 'ERR_WS_SUBPROTOCOL', { subprotocols: ['a', 'b'] })
    await assertRefused(head, 'ERR_WS_SUBPROTOCOL')
  }
})

test('client.resp.ext-*: refuses extensions that were not offered, are malformed or occur twice', async () => {
  for (const value of [
    'x-conf',
    ';;',
    '',
    'constructor',
    'permessage-deflate, x',
    'permessage-deflate, permessage-deflate',
  ]) {
    await assertRefused(response({}, ['Sec-WebSocket-Extensions', value]), 'ERR_WS_EXTENSIONS', {
      extensions: [DEFLATE],
    })
  }
  await assertRefused(response({}, ['Sec-WebSocket-Extensions', 'permessage-deflate']), 'ERR_WS_EXTENSIONS')
})
