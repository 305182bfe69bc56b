import { parseRequest } from '../../../src/conformance/client/request.ts'
import { checkRequest } from '../../../src/conformance/client/request-rule.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/client/request-rule')

const GOOD = [
  'GET /chat?a=1 HTTP/1.1',
  'Host: 127.0.0.1:9001',
  'Upgrade: websocket',
  'Connection: keep-alive, Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
]

/** Returns the rules that a request violates when `from` is replaced by `to`. */
function broken(from: string, to: string, expectedTarget?: string): string[] {
  const lines = GOOD.map((line) => (line.startsWith(from) ? to : line)).filter(Boolean)
  const head = Buffer.from([...lines, '', ''].join('\r\n'), 'latin1')
  return checkRequest(parseRequest(head), expectedTarget).map(({ rule }) => rule.replace('client.req.', ''))
}

test('a good request breaks nothing', () => {
  assert.equal(broken('none', ''), [])
  assert.equal(broken('none', '', '/chat?a=1'), [])
})

test('each rule is broken by the line that breaks it', () => {
  assert.equal(broken('GET', 'POST /chat HTTP/1.1'), ['line'])
  assert.equal(broken('GET', 'GET /chat HTTP/1.0'), ['line'])
  assert.equal(broken('none', '', '/other'), ['line'])
  assert.equal(broken('Host', ''), ['host'])
  assert.equal(broken('Host', 'Host: a/b'), ['host'])
  assert.equal(broken('Upgrade', 'Upgrade: h2c'), ['upgrade'])
  assert.equal(broken('Connection', 'Connection: close'), ['connection'])
  assert.equal(broken('Sec-WebSocket-Key', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR=='), ['key'])
  assert.equal(broken('Sec-WebSocket-Version', 'Sec-WebSocket-Version: 8'), ['version'])
  assert.equal(broken('Upgrade', 'Upgrade: websocket\r\nSec-WebSocket-Protocol: a, a'), ['protocol'])
  assert.equal(broken('Upgrade', 'Upgrade: websocket\r\n folded'), ['syntax'])
})

test('an offer of permessage-deflate has to keep its own rules', () => {
  const offer = (value: string) => broken('Sec-WebSocket-Ext', `Sec-WebSocket-Extensions: ${value}`)
  assert.equal(offer('permessage-deflate; server_max_window_bits=10, x-other'), [])
  assert.equal(offer('permessage-deflate; server_max_window_bits'), ['extensions'])
  assert.equal(offer('permessage-deflate; client_max_window_bits=16'), ['extensions'])
  assert.equal(offer('permessage-deflate; foo'), ['extensions'])
  assert.equal(offer('permessage-deflate;; x'), ['extensions'])
})
