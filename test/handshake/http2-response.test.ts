import { HandshakeError } from '../../src/core/errors.ts'
import { checkConnectResponse, formatConnect } from '../../src/handshake/client-handshake.ts'
import { addHttp2AcceptFields, formatHttp2Accept, formatHttp2Refusal } from '../../src/handshake/http2-response.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('http2 response')

test('RFC 8441 §5: accepts with 200 and names in lower case, without fields of a connection', () => {
  assert.equal(formatHttp2Accept({}), { ':status': 200 })
  const headers = { 'X-Own': 'yes', 'Keep-Alive': 'timeout=5' }
  assert.equal(formatHttp2Accept({ subprotocol: 'chat', extensions: 'permessage-deflate', headers }), {
    ':status': 200,
    'x-own': 'yes',
    'sec-websocket-protocol': 'chat',
    'sec-websocket-extensions': 'permessage-deflate',
  })
})

test('adds the fields of an app, cookies to cookies', () => {
  const accepted = formatHttp2Accept({ headers: { 'Set-Cookie': 'a=1', 'X-Own': 'first' } })
  const added = addHttp2AcceptFields(accepted, {
    'Set-Cookie': ['b=2', 'c=3'],
    'X-Own': 'second',
    'X-New': 'n',
    ...{ Connection: 'close', 'Content-Type': 'text/html', 'Sec-WebSocket-Protocol': 'x' },
  })
  assert.equal(added, { ':status': 200, 'x-own': 'first', 'x-new': 'n', 'set-cookie': ['a=1', 'b=2', 'c=3'] })
  assert.equal(addHttp2AcceptFields(formatHttp2Accept({}), {}), { ':status': 200 })
})

test('refuses with the status and fields of an error, with 400 instead of 426', () => {
  const version = new HandshakeError(426, 'ERR_X', 'x', { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' })
  const text = { 'content-type': 'text/plain; charset=utf-8' }
  assert.equal(formatHttp2Refusal(version), { ':status': 400, ...text, 'sec-websocket-version': '13' })
  assert.equal(formatHttp2Refusal(new HandshakeError(503, 'ERR_X', 'x', { 'Retry-After': '5' })), {
    ':status': 503,
    ...text,
    'retry-after': '5',
  })
})

test('S-16: refuses to send fields that are not fields', async () => {
  const headers = { 'X-Bad': 'a\r\nb: c' }
  for (const run of [
    () => formatHttp2Accept({ headers }),
    () => formatHttp2Accept({ subprotocol: 'a b' }),
    () => formatHttp2Accept({ headers: { 'Sec-WebSocket-Accept': 'x' } }),
    () => addHttp2AcceptFields({}, headers),
    () => formatHttp2Refusal(new HandshakeError(400, 'ERR_X', 'x', headers)),
  ]) {
    assert.instance(await thrownBy(run), TypeError)
  }
})

test('RFC 8441 §5.1: a client sends an extended CONNECT', async () => {
  const request = { host: 'server.example.com', target: '/chat' }
  const smallest = {
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'https',
    ':path': '/chat',
    ':authority': 'server.example.com',
    'sec-websocket-version': '13',
  }
  assert.equal(formatConnect(request, 'https'), smallest)
  const extensions = [{ name: 'permessage-deflate', parameters: [] }]
  const headers = { Origin: 'http://www.example.com' }
  assert.equal(formatConnect({ ...request, subprotocols: ['chat', 'superchat'], extensions, headers }, 'https'), {
    ...smallest,
    'sec-websocket-protocol': 'chat, superchat',
    'sec-websocket-extensions': 'permessage-deflate',
    origin: 'http://www.example.com',
  })
  assert.instance(await thrownBy(() => formatConnect({ host: 'a', target: 'x' }, 'https')), TypeError)
})

test('a client accepts a 200 with what it has offered', async () => {
  const response = { statusCode: 200, httpVersion: '2.0', rawHeaders: ['sec-websocket-protocol', 'chat'] }
  assert.equal(checkConnectResponse(response, { subprotocols: ['chat'] }), { subprotocol: 'chat', extensions: [] })
  const cases: [statusCode: number | undefined, status: number, code: string][] = [
    [101, 101, 'ERR_WS_UNEXPECTED_STATUS'],
    [403, 403, 'ERR_WS_UNEXPECTED_STATUS'],
    [undefined, 502, 'ERR_WS_UNEXPECTED_STATUS'],
    [200, 502, 'ERR_WS_SUBPROTOCOL'],
  ]
  for (const [statusCode, status, code] of cases) {
    const error = (await thrownBy(() => checkConnectResponse({ ...response, statusCode }, {}))) as HandshakeError
    assert.equal([error.status, error.code], [status, code])
  }
})
