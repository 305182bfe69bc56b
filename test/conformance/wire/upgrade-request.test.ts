import { checkAnswer } from '../../../src/conformance/script/response-rule.ts'
import { parseResponse } from '../../../src/conformance/wire/http.ts'
import { Random } from '../../../src/conformance/wire/random.ts'
import {
  buildRequest,
  type RequestOptions,
  type UpgradeRequest,
} from '../../../src/conformance/wire/upgrade-request.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/wire/upgrade-request')
const base = { authority: 'localhost:9001', path: '/echo', extra: [] as [string, string][] }
const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

function requestOf(options: RequestOptions = {}): string {
  return buildRequest(base, new Random(1, 'x'), { key: KEY, ...options }).bytes.toString('latin1')
}

test('builds H0 of the legend', () => {
  assert.is(
    requestOf(),
    `GET /echo HTTP/1.1\r\nHost: localhost:9001\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  )
})

test('replaces, repeats, leaves out and adds fields', () => {
  const request = requestOf({ set: { Host: ['a', 'b'], Upgrade: null, Connection: 'x' }, add: [['Y', 'z']] })
  assert.match(request, 'HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: x\r\n')
  assert.match(request, 'Version: 13\r\nY: z\r\n\r\n')
})

test('draws a key of 16 bytes from the seed', () => {
  const draw = (seed: number): string => keyOf(buildRequest(base, new Random(seed, 'x')))
  assert.is(Buffer.from(draw(1), 'base64').length, 16)
  assert.is(draw(1), draw(1))
  assert.is.not(draw(1), draw(2))
})

function keyOf({ fields }: UpgradeRequest): string {
  return fields.find(([name]) => name === 'Sec-WebSocket-Key')?.[1] ?? ''
}

/** Returns the rules that a 101 with these fields violates. */
function breaches(
  fields: string[],
  options: RequestOptions = {},
  first = 'HTTP/1.1 101 Switching Protocols',
): string[] {
  const request = buildRequest(base, new Random(1, 'x'), { key: KEY, ...options })
  const response = parseResponse(Buffer.from([first, ...fields, '', ''].join('\r\n'), 'latin1'))
  return checkAnswer(request, response).map(({ rule }) => rule.slice('hs.resp.'.length))
}

const UPGRADE = 'Upgrade: WebSocket'
const CONNECTION = 'Connection: keep-alive, upgrade'
const ACCEPT = 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo='
const GOOD = [UPGRADE, CONNECTION, ACCEPT]

test('a right 101 breaks no rule', () => {
  assert.equal(breaches(GOOD), [])
})

test('each rule on the 101 is broken by what it forbids', () => {
  assert.equal(breaches(GOOD, {}, 'HTTP/1.0 101 OK'), ['status-line'])
  assert.equal(breaches([CONNECTION, ACCEPT]), ['upgrade'])
  assert.equal(breaches([`${UPGRADE}, h2c`, CONNECTION, ACCEPT]), ['upgrade'])
  assert.equal(breaches([UPGRADE, 'Connection: keep-alive', ACCEPT]), ['connection'])
  assert.equal(breaches([UPGRADE, CONNECTION, `${ACCEPT}x`]), ['accept'])
  assert.equal(breaches([...GOOD, ACCEPT]), ['accept-once'])
  assert.equal(breaches([...GOOD, 'Sec-WebSocket-Protocol: chat']), ['no-protocol'])
  assert.equal(breaches([...GOOD, 'Sec-WebSocket-Extensions: x']), ['no-extension'])
  assert.equal(breaches([...GOOD, 'Content-Length: 0']), ['no-body-fields'])
  assert.equal(breaches([...GOOD, 'no colon']), ['syntax'])
})

test('what was asked for may be answered, once', () => {
  const asked: RequestOptions = {
    add: [
      ['Sec-WebSocket-Protocol', 'chat'],
      ['Sec-WebSocket-Extensions', 'x'],
    ],
  }
  const extension = 'Sec-WebSocket-Extensions: x'
  assert.equal(breaches([...GOOD, 'Sec-WebSocket-Protocol: chat', extension], asked), [])
  assert.equal(breaches([...GOOD, extension, extension], asked), ['ext-once'])
})
