import { HandshakeError } from '../../src/core/errors.ts'
import { RequestHeadParser } from '../../src/handshake/request-head.ts'
import { checkUpgradeRequest, isUpgradeRequest } from '../../src/handshake/upgrade-request.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('catalogue: hs.* on the bytes of a request')

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

/** The outcome of a request: accepted, passed on as plain HTTP, refused with a status, or incomplete. */
type Outcome = 101 | 'plain' | 'incomplete' | number

const FIELDS = [
  'Host: localhost:8000',
  'Upgrade: websocket',
  'Connection: Upgrade',
  `Sec-WebSocket-Key: ${KEY}`,
  'Sec-WebSocket-Version: 13',
]

function message(line: string, fields: string[]): string {
  return `${[line, ...fields].join('\r\n')}\r\n\r\n`
}

/** Returns the base request with additional lines. */
function h0(...more: string[]): string {
  return message('GET /chat HTTP/1.1', [...FIELDS, ...more])
}

/** Returns the base request with another request line. */
function line(text: string): string {
  return message(text, FIELDS)
}

/** Returns the base request with every line of one field replaced. */
function replace(name: string, ...lines: string[]): string {
  const kept = FIELDS.filter((field) => !field.startsWith(`${name}:`))
  return message('GET /chat HTTP/1.1', [...kept, ...lines])
}

function outcomeOf(text: string, chunkSize: number): Outcome {
  const bytes = Buffer.from(text, 'latin1')
  const parser = new RequestHeadParser()
  try {
    for (let start = 0; start < bytes.length; start += chunkSize) {
      const head = parser.push(bytes, start, Math.min(bytes.length, start + chunkSize))
      if (head === null) continue
      if (!isUpgradeRequest(head)) return 'plain'
      assert.is(checkUpgradeRequest(head).key, KEY)
      return 101
    }
    return 'incomplete'
  } catch (error) {
    if (error instanceof HandshakeError) return error.status
    throw error
  }
}

const mixedCase = FIELDS.map((field) =>
  field.replace(/^[^:]+/, (name) => name.replace(/./g, (c, i) => (i % 2 ? c.toUpperCase() : c.toLowerCase()))),
)
const offer = (value: string) => h0(`Sec-WebSocket-Extensions: ${value}`)
const ask = (value: string) => h0(`Sec-WebSocket-Protocol: ${value}`)
const version = (value: string) => replace('Sec-WebSocket-Version', `Sec-WebSocket-Version: ${value}`)
const key = (value: string) => replace('Sec-WebSocket-Key', `Sec-WebSocket-Key: ${value}`)
const bytesKey = (length: number) => key(Buffer.alloc(length, 7).toString('base64'))

const ROWS: [id: string, outcome: Outcome, ...requests: string[]][] = [
  ['hs.ok.minimal', 101, h0()],
  ['hs.ok.key-ows', 101, key(` \t ${KEY} \t`)],
  [
    'hs.ok.names-*',
    101,
    h0().toLowerCase().replace('get', 'GET').replace('http', 'HTTP').replace(KEY.toLowerCase(), KEY),
  ],
  ['hs.ok.names-mixed', 101, message('GET /chat HTTP/1.1', mixedCase)],
  ['hs.ok.order-reversed', 101, message('GET /chat HTTP/1.1', [...FIELDS].reverse())],
  [
    'hs.ok.upgrade-case',
    101,
    ...['WebSocket', 'WEBSOCKET', 'wEbSoCkEt'].map((v) => replace('Upgrade', `Upgrade: ${v}`)),
  ],
  ['hs.ok.connection-case', 101, ...['upgrade', 'UPGRADE'].map((v) => replace('Connection', `Connection: ${v}`))],
  ['hs.ok.connection-list', 101, replace('Connection', 'Connection: keep-alive, Upgrade')],
  ['hs.ok.connection-list-tight', 101, replace('Connection', 'Connection: keep-alive,Upgrade')],
  ['hs.ok.connection-list-first', 101, replace('Connection', 'Connection: Upgrade, HTTP2-Settings')],
  ['hs.ok.connection-two-fields', 101, replace('Connection', 'Connection: keep-alive', 'Connection: Upgrade')],
  ['hs.ok.connection-empty-elements', 101, replace('Connection', 'Connection: , ,Upgrade,')],
  [
    'hs.ok.upgrade-list-*',
    101,
    replace('Upgrade', 'Upgrade: websocket, foo/1'),
    replace('Upgrade', 'Upgrade: foo/1, websocket'),
  ],
  [
    'hs.ok.ows-none',
    101,
    message(
      'GET /chat HTTP/1.1',
      FIELDS.map((field) => field.replace(': ', ':')),
    ),
  ],
  [
    'hs.ok.ows-tab',
    101,
    message(
      'GET /chat HTTP/1.1',
      FIELDS.map((field) => `${field.replace(': ', ':\t')} \t`),
    ),
  ],
  ['hs.ok.unknown-fields', 101, h0(...Array.from({ length: 20 }, (_, i) => `X-Conf-${i}: v`))],
  ['hs.ok.obs-text', 101, h0('X-Conf: \u00e9\u00ff')],
  ['hs.ok.query', 101, line('GET /chat?a=1&b=%20 HTTP/1.1')],
  ['hs.ok.target-2k', 101, line(`GET /chat?${'a'.repeat(1990)} HTTP/1.1`)],
  ['hs.ok.target-7900', 101, line(`GET /chat?${'a'.repeat(7900)} HTTP/1.1`)],
  ['hs.ok.absolute-form', 101, line('GET http://localhost:8000/chat HTTP/1.1')],
  ['hs.ok.host-*', 101, ...['LOCALHOST:8000', 'localhost:1', '[::1]:8000'].map((v) => replace('Host', `Host: ${v}`))],
  ['hs.ok.http12', 101, line('GET /chat HTTP/1.2')],
  ['hs.ok.leading-crlf', 101, `\r\n${h0()}`],
  ['hs.ok.content-length-0', 101, h0('Content-Length: 0')],
  ['hs.ok.frame-with-request', 101, `${h0()}\x81\x85`],
  [
    'hs.method.*',
    405,
    ...['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'HEAD', 'get', 'FOO'].map((m) =>
      line(`${m} /chat HTTP/1.1`),
    ),
  ],
  ['hs.method.connect', 405, line('CONNECT localhost:8000 HTTP/1.1')],
  ['hs.method.invalid-char', 400, line('GE(T /chat HTTP/1.1')],
  ['hs.version.http10', 'plain', line('GET /chat HTTP/1.0')],
  ['hs.version.http09', 400, line('GET /chat')],
  ['hs.version.http2-text', 505, line('GET /chat HTTP/2.0')],
  ['hs.version.garbage', 400, ...['HTTP/1.1x', 'HTTP/11', 'HTTP/1', 'HTTP/1.'].map((v) => line(`GET /chat ${v}`))],
  ['hs.version.lower', 400, line('GET /chat http/1.1')],
  ['hs.target.empty', 400, line('GET HTTP/1.1'), line('GET  HTTP/1.1')],
  ['hs.target.space', 400, line('GET /chat x HTTP/1.1')],
  ['hs.target.nul', 400, line('GET /chat\0 HTTP/1.1')],
  ['hs.target.raw-utf8, bad-utf8', 400, line('GET /\xc3\xa4 HTTP/1.1'), line('GET /\xc3( HTTP/1.1')],
  ['hs.target.fragment', 400, line('GET /chat#x HTTP/1.1')],
  ['hs.target.bad-escape', 101, line('GET /chat?%zz HTTP/1.1')],
  ['hs.target.asterisk', 400, line('GET * HTTP/1.1')],
  ['hs.target.64k', 414, line(`GET /chat?${'a'.repeat(65_536)} HTTP/1.1`)],
  ['hs.host.missing', 400, replace('Host')],
  ['hs.host.duplicate-*', 400, h0('Host: localhost:8000'), replace('Host', 'Host: a.example', 'Host: b.example')],
  [
    'hs.host.bad-*',
    400,
    ...['', 'a b', 'a/b', 'a@b', '<x>', 'localhost:abc', 'localhost:99999', 'localhost:-1', 'a.example, b.example'].map(
      (v) => replace('Host', `Host: ${v}`),
    ),
  ],
  ['hs.upgrade.missing', 'plain', replace('Upgrade')],
  [
    'hs.upgrade.*',
    'plain',
    ...['', 'h2c', 'websockets', 'xwebsocket', 'websocket-x', '"websocket"', 'web socket', 'websocket/13'].map((v) =>
      replace('Upgrade', `Upgrade: ${v}`),
    ),
  ],
  ['hs.connection.missing', 'plain', replace('Connection')],
  [
    'hs.connection.*',
    'plain',
    ...['', 'close', 'keep-alive', 'xUpgrade', 'Upgrades', '"Upgrade"', 'keep-alive Upgrade'].map((v) =>
      replace('Connection', `Connection: ${v}`),
    ),
  ],
  ['hs.connection.close-upgrade', 101, replace('Connection', 'Connection: close, Upgrade')],
  ['hs.key.missing', 400, replace('Sec-WebSocket-Key')],
  ['hs.key.duplicate-*', 400, h0(`Sec-WebSocket-Key: ${KEY}`), h0('Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==')],
  ['hs.key.len-*', 400, ...[1, 8, 15, 17, 18, 24, 32, 64, 3072].map(bytesKey)],
  [
    'hs.key.*',
    400,
    ...['', `${KEY}, ${KEY}`, '!!!!!!!!!!!!!!!!!!!!!!==', KEY.slice(0, 22), KEY.slice(0, 23), `${KEY}=`].map(key),
  ],
  ['hs.ver.missing', 400, replace('Sec-WebSocket-Version')],
  ['hs.ver.v*', 426, ...['0', '1', '7', '8', '12', '14', '25', '99', '255'].map(version)],
  [
    'hs.ver.*',
    400,
    ...['', '256', '013', '+13', '-13', '13.0', '0x0d', 'abc', '1 3', '99999999999999999999', '13, 8', '8, 13'].map(
      version,
    ),
  ],
  ['hs.ver.duplicate-*', 400, h0('Sec-WebSocket-Version: 13'), h0('Sec-WebSocket-Version: 8')],
  ['hs.proto.unknown*', 101, ask('x-conf-unknown'), ask('x-conf-a, x-conf-b')],
  ['hs.proto.two-fields', 101, h0('Sec-WebSocket-Protocol: x-conf-a', 'Sec-WebSocket-Protocol: x-conf-b')],
  ['hs.proto.repeat', 400, ask('x-conf-a, x-conf-a')],
  ['hs.proto.empty', 400, ask('')],
  ['hs.proto.bad-token', 400, ...['a b', 'a/b', 'a;b', '"a"'].map(ask)],
  ['hs.proto.stray-commas', 101, ask(',x-conf-a,,')],
  ['hs.proto.reserved-words', 101, ask('constructor, __proto__, toString')],
  ['hs.proto.many', 101, ask(Array.from({ length: 500 }, (_, i) => `p${i}`).join(', '))],
  ['hs.ext.unknown*', 101, offer('x-conf-ext'), offer('x-conf-ext; a; b=1; c="2"'), offer(', x-conf-a ,,')],
  ['hs.ext.two-fields', 101, h0('Sec-WebSocket-Extensions: x-conf-a', 'Sec-WebSocket-Extensions: x-conf-b')],
  [
    'hs.ext.bad-*',
    400,
    ...[
      '; a=1',
      'x-conf;; a',
      'x conf',
      'x-conf; =1',
      'x-conf; a=',
      'x-conf=1',
      'x-conf; a="1',
      'x-conf; a="1 2"',
      'x-conf; a=1/2',
      '(x-conf)',
      'x-conf; a=""',
    ].map(offer),
  ],
  ['hs.ext.quoted-list', 400, offer('x-conf; y=",permessage-deflate; client_max_window_bits,"')],
  ['hs.ext.reserved-words', 101, offer('constructor; __proto__, __proto__, toString; a=1, hasOwnProperty')],
  ['hs.ext.empty', 400, offer('')],
  ['hs.ext.many', 101, offer(Array.from({ length: 200 }, (_, i) => `x-conf-${i}`).join(', '))],
  ['hs.syntax.fold-*', 400, h0('X-Conf: a\r\n b'), ask('x-a,\r\n x-b'), key(`\r\n ${KEY}`)],
  ['hs.syntax.space-before-colon', 400, replace('Upgrade', 'Upgrade : websocket')],
  ['hs.syntax.name', 400, h0('X Conf: 1'), h0(': value'), h0('garbage'), h0('X\x01Conf: 1')],
  ['hs.syntax.leading-space-line', 400, message('GET /chat HTTP/1.1', [' X-Conf: 1', ...FIELDS])],
  ['hs.syntax.value', 400, h0('X-Conf: a\0b'), h0('X-Conf: a\rb'), h0('X-Conf: a\x01b')],
  ['hs.syntax.lf-only', 400, h0().replaceAll('\r\n', '\n')],
  ['hs.syntax.bad-utf8-protocol', 400, ask('\xff\xfe')],
  [
    'hs.syntax.body-*',
    400,
    `${h0('Content-Length: 5')}hello`,
    `${h0('Transfer-Encoding: chunked')}0\r\n\r\n`,
    h0('Content-Length: 0', 'Transfer-Encoding: chunked'),
  ],
  ['hs.syntax.tls-on-plain', 400, '\x16\x03\x01\x02\0\x01'],
  ['hs.limit.value-8k', 101, h0(`X-Conf: ${'a'.repeat(8192)}`)],
  ['hs.limit.value-64k', 431, h0(`X-Conf: ${'a'.repeat(65_536)}`)],
  ['hs.limit.fields-100', 101, h0(...Array.from({ length: 100 }, (_, i) => `X-Conf-${i}: v`))],
  [
    'hs.limit.fields-*',
    431,
    ...[1000, 10_000].map((count) => h0(...Array.from({ length: count }, (_, i) => `X-Conf-${i}: v`))),
  ],
  ['hs.limit.name-8k', 101, h0(`${'x'.repeat(8192)}: v`)],
  ['hs.limit.endless-line', 414, `GET /${'a'.repeat(100_000)}`],
  ['hs.limit.endless-fields', 431, message('GET /chat HTTP/1.1', Array(10_000).fill('X-n: v'))],
  ['hs.limit.stalled', 'incomplete', h0().slice(0, -2)],
]

for (const [id, outcome, ...requests] of ROWS) {
  test(`${id}: ${outcome}`, () => {
    assert.ok(requests.length > 0)
    for (const text of requests) {
      for (const chunkSize of [text.length, 1, 7]) {
        assert.is(
          outcomeOf(text, chunkSize),
          outcome,
          `${JSON.stringify(text.slice(0, 300))} in chunks of ${chunkSize}`,
        )
      }
    }
  })
}
