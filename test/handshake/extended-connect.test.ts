import { HandshakeError } from '../../src/core/errors.ts'
import {
  checkExtendedConnect,
  type ExtendedConnect,
  isExtendedConnect,
  readExtendedConnect,
} from '../../src/handshake/extended-connect.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('extended connect')

/** Returns the fields of the example in RFC 8441 §5.1 with changes; `null` omits a field. */
function fields(changes: Record<string, string | null> = {}): string[] {
  const all: Record<string, string | null> = {
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'https',
    ':path': '/chat?a=1',
    ':authority': 'server.example.com',
    'sec-websocket-protocol': 'chat, superchat',
    'sec-websocket-extensions': 'permessage-deflate',
    'sec-websocket-version': '13',
    origin: 'https://www.example.com',
    ...changes,
  }
  return Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [name, value]))
}

const read = (changes: Record<string, string | null> = {}, hasEnded = false): ExtendedConnect =>
  readExtendedConnect(fields(changes), hasEnded)!

test('RFC 8441 §5.1: has the form of a request over HTTP/1.1', () => {
  const request = read({ host: 'SERVER.example.com' })
  assert.is(isExtendedConnect(request), true)
  const { method, url, httpVersion, rawHeaders } = request
  assert.equal([method, url, httpVersion], ['GET', '/chat?a=1', '2.0'])
  assert.equal(rawHeaders.slice(0, 4), ['host', 'server.example.com', 'sec-websocket-protocol', 'chat, superchat'])
  assert.equal(checkExtendedConnect(request), {
    key: '',
    subprotocols: ['chat', 'superchat'],
    extensions: [{ name: 'permessage-deflate', parameters: [] }],
    origin: 'https://www.example.com',
    host: 'server.example.com',
    path: '/chat',
    query: 'a=1',
  })
})

test('§4: is no other request', () => {
  assert.is(readExtendedConnect(fields({ ':protocol': null }), false), null)
  assert.is(readExtendedConnect(fields({ ':method': 'GET' }), false), null)
  assert.is(isExtendedConnect({ method: 'GET', url: '/', httpVersion: '1.1', rawHeaders: [] }), false)
})

test('S-56: refuses what breaks a rule', async () => {
  const cases: [changes: Record<string, string | null>, status: number, code: string][] = [
    [{ ':protocol': 'x-other' }, 501, 'ERR_WS_UPGRADE'],
    [{ ':protocol': '' }, 501, 'ERR_WS_UPGRADE'],
    [{ ':scheme': 'wss' }, 400, 'ERR_WS_TARGET'],
    [{ ':scheme': null }, 400, 'ERR_WS_TARGET'],
    [{ ':path': 'https://server.example.com/' }, 400, 'ERR_WS_TARGET'],
    [{ ':path': null }, 400, 'ERR_WS_TARGET'],
    [{ ':authority': null }, 400, 'ERR_WS_HOST'],
    [{ ':authority': 'a b' }, 400, 'ERR_WS_HOST'],
    [{ host: 'other.example.com' }, 400, 'ERR_WS_HOST'],
    [{ host: 'other.example.com', ':authority': null }, 400, 'ERR_WS_HOST'],
    [{ 'content-length': '5' }, 400, 'ERR_WS_BODY'],
    [{ 'transfer-encoding': 'chunked' }, 400, 'ERR_WS_BODY'],
    [{ 'sec-websocket-version': null }, 400, 'ERR_WS_VERSION'],
    [{ 'sec-websocket-version': '8' }, 426, 'ERR_WS_VERSION'],
  ]
  for (const [changes, status, code] of cases) {
    const error = await thrownBy(() => checkExtendedConnect(read(changes)))
    assert.instance(error, HandshakeError, JSON.stringify(changes))
    assert.equal([(error as HandshakeError).status, (error as HandshakeError).code], [status, code])
  }
  const ended = (await thrownBy(() => checkExtendedConnect(read({}, true)))) as HandshakeError
  assert.equal([ended.status, ended.code], [400, 'ERR_WS_BODY'])
})

test('§5.1: protocol names are compared without case, and a key has no meaning', () => {
  assert.is(checkExtendedConnect(read({ ':protocol': 'WebSocket', 'sec-websocket-key': 'x' })).key, '')
  // Node never has a name without a value.
  assert.is(readExtendedConnect([...fields(), ':odd'], false)!.url, '/chat?a=1')
})
