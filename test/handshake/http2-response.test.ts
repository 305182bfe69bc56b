import { HandshakeError } from '../../src/core/errors.ts'
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
