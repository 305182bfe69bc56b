import { HandshakeError } from '../../src/core/errors.ts'
import { addAcceptFields, formatAccept, formatRefusal } from '../../src/handshake/upgrade-response.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('upgrade-response')

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const NOW = new Date(Date.UTC(1994, 10, 6, 8, 49, 37))

test('hs.resp.*: writes the smallest 101', () => {
  assert.is(
    formatAccept({ key: KEY }),
    'HTTP/1.1 101 Switching Protocols\r\n' +
      'Upgrade: websocket\r\n' +
      'Connection: Upgrade\r\n' +
      'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n' +
      '\r\n',
  )
  assert.is(formatAccept({ key: KEY, subprotocol: null, extensions: null, headers: {} }), formatAccept({ key: KEY }))
})

test('writes subprotocol, extensions and the application’s fields', () => {
  const extensions = 'permessage-deflate; a="1"'
  const head = formatAccept({ key: KEY, subprotocol: 'chat', extensions, headers: { 'Set-Cookie': ['a=b', 'c=d'] } })
  assert.ok(
    head.endsWith(
      '\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate; a="1"\r\n' +
        'Set-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\n',
    ),
    head,
  )
})

test('S-16: refuses values that would break the 101 and names that belong to it', async () => {
  const bad = [
    { subprotocol: 'a\r\nX: y' },
    { subprotocol: '' },
    { subprotocol: 'a, b' },
    { headers: { 'X-A': 'a\r\nb' } },
    { headers: { 'X-A': '\0' } },
    { headers: { 'X-A': '\u0142' } },
    { headers: { 'X\n': 'a' } },
    ...['Upgrade', 'CONNECTION', 'Sec-WebSocket-Accept', 'sec-websocket-protocol', 'Sec-WebSocket-Extensions'].map(
      (name) => ({ headers: { [name]: 'x' } }),
    ),
    ...['Content-Length', 'Transfer-Encoding', 'Sec-WebSocket-Version', 'Sec-WebSocket-Key'].map((name) => ({
      headers: { [name]: 'x' },
    })),
  ]
  for (const parts of bad) {
    assert.instance(await thrownBy(() => formatAccept({ key: KEY, ...parts })), TypeError, JSON.stringify(parts))
  }
})

test('S-47: writes a whole answer that ends the connection', () => {
  assert.is(
    formatRefusal(new HandshakeError(405, 'ERR_WS_METHOD', 'no', { Allow: 'GET' }), 'POST', NOW).toString('latin1'),
    'HTTP/1.1 405 Method Not Allowed\r\n' +
      'Connection: close\r\n' +
      'Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n' +
      'Content-Type: text/plain; charset=utf-8\r\n' +
      'Content-Length: 2\r\n' +
      'Allow: GET\r\n' +
      '\r\n' +
      'no',
  )
})

test('hs.ver.status-426: announces Upgrade as an option of the connection', () => {
  const error = new HandshakeError(426, 'ERR_WS_VERSION', '', { upgrade: 'websocket', 'Sec-WebSocket-Version': '13' })
  const answer = formatRefusal(error).toString()
  assert.match(answer, /^HTTP\/1.1 426 Upgrade Required\r\nConnection: close, Upgrade\r\n/)
  assert.match(answer, /\r\nupgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n$/)
})

test('hs.method.head: sends no body for a HEAD request and a 304', () => {
  const head = formatRefusal(new HandshakeError(405, 'ERR_WS_METHOD', 'four'), 'HEAD', NOW).toString()
  assert.ok(head.endsWith('\r\nContent-Length: 4\r\n\r\n'), head)
  const notModified = formatRefusal(new HandshakeError(304, 'ERR_X', 'four')).toString()
  assert.ok(notModified.endsWith('\r\nContent-Length: 0\r\n\r\n'), notModified)
})

test('counts the bytes of a message, not its characters', () => {
  const answer = formatRefusal(new HandshakeError(403, 'ERR_X', 'h\u00e9 \u{1f600}', { 'X-A': '\u00e9' }))
  const end = answer.indexOf('\r\n\r\n')
  assert.match(answer.toString('latin1', 0, end), /\r\nContent-Length: 8\r\nX-A: \u00e9$/)
  assert.is(answer.toString('utf8', end + 4), 'h\u00e9 \u{1f600}')
})

test('leaves the reason phrase of an unknown status empty', () => {
  assert.match(formatRefusal(new HandshakeError(499, 'ERR_X', '')).toString(), /^HTTP\/1.1 499 \r\n/)
})

test('S-16: refuses to send fields that would break the answer', async () => {
  for (const headers of [
    { 'X-A': 'a\r\nb: c' },
    { Connection: 'keep-alive' },
    { 'content-length': '9' },
    { Date: 'x' },
  ]) {
    const error = new HandshakeError(400, 'ERR_X', 'x', headers as unknown as Record<string, string>)
    assert.instance(await thrownBy(() => formatRefusal(error)), TypeError)
  }
})

test('adds the fields of an app to a 101, without those that a 101 must not have', async () => {
  const head = formatAccept({ key: 'dGhlIHNhbXBsZSBub25jZQ==', headers: { 'X-First': '1' } })
  const fields = {
    'Set-Cookie': ['a=1', 'b=2'],
    'X-Own': 'yes',
    ...{ Connection: 'close', upgrade: 'h2c', 'Sec-WebSocket-Accept': 'x', 'Transfer-Encoding': 'chunked' },
    ...{ 'Content-Length': '5', 'content-type': 'text/html', Date: 'today', 'Keep-Alive': 'timeout=5', Trailer: 'X' },
  }
  const expected = 'X-First: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Own: yes\r\n\r\n'
  assert.is(addAcceptFields(head, fields), head.replace('X-First: 1\r\n\r\n', expected))
  assert.is(addAcceptFields(head, {}), head)
  assert.instance(await thrownBy(() => addAcceptFields(head, { 'X-Bad': 'a\r\nb: c' })), TypeError)
})
