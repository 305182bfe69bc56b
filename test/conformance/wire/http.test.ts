import { acceptOf, encodeRequest, fieldTokens, findHeadEnd, parseResponse } from '../../../src/conformance/wire/http.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/wire/http')

test('writes a request exactly as specified', () => {
  const request = encodeRequest({
    method: 'GET',
    target: '/x',
    version: '',
    fields: [
      ['a', '\xff'],
      ['A', ''],
    ],
    separator: ':',
    lineEnd: '\n',
  })
  assert.is(request.toString('latin1'), 'GET /x\na:\xff\nA:\n\n')
})

test('reads a response head', () => {
  const head = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: keep-alive, , Upgrade \r\n\r\n'
  const bytes = Buffer.from(`${head}\x81`)
  assert.is(findHeadEnd(bytes), head.length)
  const response = parseResponse(bytes.subarray(0, head.length))
  assert.is(response.status, 101)
  assert.equal(response.problems, [])
  assert.equal(fieldTokens(response, 'connection'), ['keep-alive', 'upgrade'])
})

test('lists what is malformed about a response head', () => {
  const problemsOf = (head: string): number => parseResponse(Buffer.from(head)).problems.length
  assert.is(problemsOf('HTTP/1.1 101 \r\n\r\n'), 0)
  assert.is(problemsOf('HTTP/1.1 101\r\n\r\n'), 1)
  assert.is(problemsOf('HTTP/1.1 101 OK\r\nUpgrade : websocket\r\n\r\n'), 1)
  assert.is(problemsOf('HTTP/1.1 101 OK\r\nA: b\r\n folded\r\n\r\n'), 1)
  assert.is(problemsOf('HTTP/1.1 101 OK\nA: b\n\n'), 1)
})

test('knows the accept key of RFC 6455 §1.3', () => {
  assert.is(acceptOf('dGhlIHNhbXBsZSBub25jZQ=='), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
})
