import type { HandshakeError } from '../../src/core/errors.ts'
import { checkUpgradeRequest, isUpgradeRequest, type UpgradeRequestHead } from '../../src/handshake/upgrade-request.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { cpuMilliseconds } from './cpu.ts'

const test = suite('upgrade-request')

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

const FIELDS: readonly [string, string][] = [
  ['Host', 'example.com'],
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Key', KEY],
  ['Sec-WebSocket-Version', '13'],
]

/** Returns the smallest valid request with fields replaced (`null` omits a field) and more fields appended. */
function request(changes: Record<string, string | null> = {}, ...more: [string, string][]): UpgradeRequestHead {
  const rest = new Map(Object.entries(changes))
  const fields: [string, string][] = []
  for (const [name, value] of FIELDS) {
    const changed = rest.has(name) ? rest.get(name)! : value
    if (changed !== null) fields.push([name, changed])
    rest.delete(name)
  }
  for (const [name, value] of rest) fields.push([name, value!])
  return { method: 'GET', url: '/chat', httpVersion: '1.1', rawHeaders: [...fields, ...more].flat() }
}

async function refusal(head: UpgradeRequestHead): Promise<HandshakeError> {
  return (await thrownBy(() => checkUpgradeRequest(head))) as HandshakeError
}

async function assertRefused(head: UpgradeRequestHead, status: number, code: string, message: RegExp): Promise<void> {
  const error = await refusal(head)
  assert.is(error.name, 'HandshakeError')
  assert.is(`${error.status} ${error.code}`, `${status} ${code}`, error.message)
  assert.match(error.message, message)
}

test('hs.ok.minimal: extracts the contents of the smallest request', () => {
  assert.equal(checkUpgradeRequest(request()), {
    key: KEY,
    subprotocols: [],
    extensions: [],
    origin: null,
    host: 'example.com',
    path: '/chat',
    query: '',
  })
})

test('extracts origin, subprotocols, extensions, path and query', () => {
  const head = request({
    Origin: 'http://example.com',
    'Sec-WebSocket-Protocol': 'chat, superchat',
    'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
  })
  const found = checkUpgradeRequest({ ...head, url: '/chat/a?b=c' })
  assert.is(found.origin, 'http://example.com')
  assert.equal(found.subprotocols, ['chat', 'superchat'])
  assert.equal(found.extensions, [
    { name: 'permessage-deflate', parameters: [{ name: 'client_max_window_bits', value: null, quoted: false }] },
  ])
  assert.is(`${found.path} ${found.query}`, '/chat/a b=c')
})

test('reads lists that are spread over several fields in their order', () => {
  const found = checkUpgradeRequest(
    request(
      { Connection: 'keep-alive', 'sec-websocket-protocol': 'a, b', 'SEC-WEBSOCKET-EXTENSIONS': 'x' },
      ['connection', 'Upgrade'],
      ['Sec-WebSocket-Protocol', 'c'],
      ['Sec-WebSocket-Extensions', 'y; z'],
    ),
  )
  assert.equal(found.subprotocols, ['a', 'b', 'c'])
  assert.equal(
    found.extensions.map(({ name }) => name),
    ['x', 'y'],
  )
})

test('hs.ok.key-ows: trims the key', () => {
  assert.is(checkUpgradeRequest(request({ 'Sec-WebSocket-Key': ` \t ${KEY} \t` })).key, KEY)
})

test('hs.ok.absolute-form: uses the authority of an absolute target instead of Host (RFC 9112 §3.2.2)', () => {
  const found = checkUpgradeRequest({ ...request(), url: 'http://other.example:8000/chat?a' })
  assert.equal([found.host, found.path, found.query], ['other.example:8000', '/chat', 'a'])
})

test('hs.ok.http12: treats a higher minor version as 1.1', () => {
  assert.is(checkUpgradeRequest({ ...request(), httpVersion: '1.2' }).path, '/chat')
})

test('hs.ok.content-length-0: accepts an empty body', () => {
  assert.is(checkUpgradeRequest(request({ 'Content-Length': '0' })).key, KEY)
})

test('distinguishes an empty Origin from a missing one', () => {
  assert.is(checkUpgradeRequest(request({ Origin: '' })).origin, '')
})

test('hs.method.*: refuses every method but GET with 405 and Allow', async () => {
  for (const method of ['POST', 'PUT', 'HEAD', 'CONNECT', 'OPTIONS', 'get', 'FOO', '', undefined]) {
    const error = await refusal({ ...request(), method })
    assert.is(`${error.status} ${error.code}`, '405 ERR_WS_METHOD')
    assert.equal(error.headers, { Allow: 'GET' })
  }
})

test('hs.version.*: refuses another HTTP than 1.1 and later', async () => {
  await assertRefused(
    { ...request(), httpVersion: '1.0' },
    400,
    'ERR_WS_HTTP_VERSION',
    /^HTTP version is 1\.0; allowed: 1\.1$/,
  )
  for (const httpVersion of ['2.0', '0.9', '3.0']) {
    await assertRefused({ ...request(), httpVersion }, 505, 'ERR_WS_HTTP_VERSION', /allowed: 1\.1$/)
  }
  for (const httpVersion of ['', '1', '1.', '11', '1.1x', '1x1', 'a.1', '1.a', ' 1.1']) {
    await assertRefused({ ...request(), httpVersion }, 400, 'ERR_WS_HTTP_VERSION', /allowed: 1\.1$/)
  }
})

test('hs.target.*: refuses what is neither origin form nor absolute form', async () => {
  for (const url of ['*', '', '/a#x', 'example.com:80', undefined]) {
    await assertRefused({ ...request(), url }, 400, 'ERR_WS_TARGET', /request target is .*; allowed: a path/)
  }
})

test('hs.host.*: refuses a missing or invalid Host', async () => {
  await assertRefused(request({ Host: null }), 400, 'ERR_WS_HOST', /^Host is missing/)
  for (const host of ['', 'a b', 'a@b', 'localhost:99999', 'a.example, b.example']) {
    await assertRefused(
      request({ Host: host }),
      400,
      'ERR_WS_HOST',
      /allowed: a name or address, and optionally a port/,
    )
  }
})

test('hs.upgrade.*: refuses a request that does not name websocket with 426', async () => {
  for (const upgrade of [null, '', 'h2c', 'websockets', 'xwebsocket', '"websocket"', 'web socket', 'websocket/13']) {
    const error = await refusal(request({ Upgrade: upgrade }))
    assert.is(`${error.status} ${error.code}`, '426 ERR_WS_UPGRADE')
    assert.equal(error.headers, { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' })
  }
})

test('hs.ok.upgrade-list-*: finds websocket among other protocols and in any case', () => {
  for (const upgrade of ['websocket, foo/1', 'foo/1, websocket', 'WEBSOCKET', 'wEbSoCkEt', '\twebsocket \t']) {
    assert.is(checkUpgradeRequest(request({ Upgrade: upgrade })).key, KEY)
  }
})

test('hs.connection.*: refuses a Connection without the token upgrade', async () => {
  for (const connection of [
    ...[null, '', 'close', 'keep-alive', 'xUpgrade', 'Upgrades', '"Upgrade"', 'keep-alive Upgrade'],
  ]) {
    await assertRefused(request({ Connection: connection }), 400, 'ERR_WS_CONNECTION', /lacks the token upgrade/)
  }
})

test('S-47: refuses a request with a body', async () => {
  await assertRefused(request({ 'Content-Length': '5' }), 400, 'ERR_WS_BODY', /Content-Length is "5"/)
  await assertRefused(request({ 'Content-Length': '' }), 400, 'ERR_WS_BODY', /Content-Length is ""/)
  await assertRefused(request({ 'Content-Length': '00' }), 400, 'ERR_WS_BODY', /Content-Length is "00"/)
  await assertRefused(request({ 'Transfer-Encoding': 'chunked' }), 400, 'ERR_WS_BODY', /Transfer-Encoding/)
  await assertRefused(request({ 'Transfer-Encoding': '', 'Content-Length': '0' }), 400, 'ERR_WS_BODY', /Transfer/)
})

test('hs.ver.v*, S-17: answers every other version with 426 and the supported one', async () => {
  for (const version of ['0', '1', '7', '8', '12', '14', '25', '99', '255']) {
    const error = await refusal(request({ 'Sec-WebSocket-Version': version }))
    assert.is(`${error.status} ${error.code}`, '426 ERR_WS_VERSION', version)
    assert.equal(error.headers, { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' })
  }
})

test('hs.ver.*: refuses a malformed, missing or repeated version with 400 and the supported one', async () => {
  const malformed = [
    ...['', '256', '013', '00', '+13', '-13', '13.0', '0x0d', 'abc', '1 3', '99999999999999999999', '13, 8', '8, 13'],
    ...['1e1', '\u0661\u0663', '13\u00a0', '999'],
  ]
  for (const version of malformed) {
    const error = await refusal(request({ 'Sec-WebSocket-Version': version }))
    assert.is(`${error.status} ${error.code}`, '400 ERR_WS_VERSION', version)
    assert.equal(error.headers, { 'Sec-WebSocket-Version': '13' })
  }
  await assertRefused(
    request({ 'Sec-WebSocket-Version': null }),
    400,
    'ERR_WS_VERSION',
    /^0 Sec-WebSocket-Version fields/,
  )
  await assertRefused(request({}, ['Sec-WebSocket-Version', '8']), 400, 'ERR_WS_VERSION', /^2 /)
})

test('hs.key.*: refuses a missing or wrong key', async () => {
  await assertRefused(request({ 'Sec-WebSocket-Key': null }), 400, 'ERR_WS_KEY', /^Sec-WebSocket-Key is missing/)
  for (const key of ['', 'x', `${KEY}, ${KEY}`, 'AAAA=AAAAAAAAAAAAAAAAA==']) {
    await assertRefused(request({ 'Sec-WebSocket-Key': key }), 400, 'ERR_WS_KEY', /allowed: 16 bytes in base64$/)
  }
})

test('hs.proto.*, hs.ext.*: refuses malformed lists', async () => {
  for (const value of ['', 'x-conf-a, x-conf-a', 'a b', 'a/b', '\u00ff\u00fe']) {
    const head = request({ 'Sec-WebSocket-Protocol': value })
    await assertRefused(head, 400, 'ERR_WS_SUBPROTOCOL', /^Sec-WebSocket-Protocol .* is malformed$/)
  }
  for (const value of ['', '; a=1', 'x-conf; a=""', 'x conf']) {
    const head = request({ 'Sec-WebSocket-Extensions': value })
    await assertRefused(head, 400, 'ERR_WS_EXTENSIONS', /^Sec-WebSocket-Extensions .* is malformed$/)
  }
})

test('S-34: refuses a second field of a name that is allowed once, equal or not', async () => {
  const names = { Host: 'example.com', Upgrade: 'websocket', 'Sec-WebSocket-Key': KEY, Origin: 'http://a' }
  for (const [name, value] of Object.entries(names)) {
    for (const second of [value, 'x', '']) {
      const head = request({ [name]: value }, [name.toLowerCase(), second])
      await assertRefused(head, 400, 'ERR_WS_DUPLICATE_FIELD', new RegExp(`^2 ${name} fields`))
    }
  }
  await assertRefused(request({}, ['Sec-WebSocket-Version', '13']), 400, 'ERR_WS_VERSION', /^2 /)
  const lengths = request({ 'Content-Length': '0' }, ['content-length', '0'])
  await assertRefused(lengths, 400, 'ERR_WS_DUPLICATE_FIELD', /^2 Content-Length fields/)
})

test('S-05: refuses more fields than are checked, wherever the required ones are', async () => {
  const filler: [string, string][] = Array.from({ length: 2001 }, (_, i) => [`X-${i}`, 'v'])
  await assertRefused(request({}, ...filler), 431, 'ERR_WS_HEAD_TOO_LARGE', /more than 1000 fields/)
  const head = request()
  for (const rawHeaders of [[...filler.flat(), ...head.rawHeaders], filler.slice(0, 1000).flat(), []]) {
    const error = await refusal({ ...head, rawHeaders })
    assert.ok(error.status === 431 || error.status === 400)
  }
  assert.is(checkUpgradeRequest(request({}, ...filler.slice(0, 995))).key, KEY)
})

test('S-03: ignores fields named like object members', () => {
  const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty']
  const found = checkUpgradeRequest(request({}, ...names.map((name): [string, string] => [name, name])))
  assert.is(found.key, KEY)
})

test('shows received values without control characters, and truncated', async () => {
  const error = await refusal(request({ Host: `a\r\n\0${'b'.repeat(100)}` }))
  assert.ok(error.message.startsWith(`Host is "a\\r\\n\\u0000${'b'.repeat(60)}"…`), error.message)
})

test('S-48: distinguishes a WebSocket request from any other', () => {
  assert.is(isUpgradeRequest(request()), true)
  assert.is(isUpgradeRequest(request({ Upgrade: 'WebSocket', Connection: 'keep-alive, UPGRADE' })), true)
  assert.is(isUpgradeRequest(request({ Connection: 'keep-alive' }, ['Connection', 'Upgrade'])), true)
  assert.is(isUpgradeRequest({ ...request(), method: 'POST' }), true)
  for (const upgrade of [null, '', 'h2c', 'websockets', '"websocket"', 'web socket', 'TLS/1.0']) {
    assert.is(isUpgradeRequest(request({ Upgrade: upgrade })), false, `${upgrade}`)
  }
  for (const connection of [null, '', 'close', '"Upgrade"', 'keep-alive Upgrade']) {
    assert.is(isUpgradeRequest(request({ Connection: connection })), false, `${connection}`)
  }
})

test('hs.version.http10: ignores Upgrade in HTTP/1.0 (RFC 9110 §7.8)', () => {
  assert.is(isUpgradeRequest({ ...request(), httpVersion: '1.0' }), false)
})

test('sees a second Upgrade field, so that the check can refuse it', () => {
  assert.is(isUpgradeRequest(request({}, ['Upgrade', 'websocket'])), true)
})

test('S-04, S-40: judges 64 KiB in any field in less than 50 ms of CPU', () => {
  for (const name of [
    ...['Connection', 'Upgrade', 'Host', 'Origin', 'Cookie', 'Content-Length', 'Sec-WebSocket-Key'],
    ...['Sec-WebSocket-Version', 'Sec-WebSocket-Protocol', 'Sec-WebSocket-Extensions'],
  ]) {
    for (const unit of [' ', ',', ' ,', 'a,', 'a', '"\\', '9', ';a=']) {
      const head = request({ [name]: `a${unit.repeat(65_536 / unit.length)}b` })
      const judge = () => {
        try {
          return isUpgradeRequest(head) && checkUpgradeRequest(head)
        } catch (error) {
          return error
        }
      }
      assert.ok(cpuMilliseconds(judge) < 50, `${name} of ${JSON.stringify(unit)}`)
    }
  }
})
