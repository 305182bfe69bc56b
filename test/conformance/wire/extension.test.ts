import { agreementOf, paramBreaches, parseExtensions, readAgreement } from '../../../src/conformance/wire/extension.ts'
import { parseResponse } from '../../../src/conformance/wire/http.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/wire/extension')

function breaches(params: string): string[] {
  const [element] = parseExtensions(`permessage-deflate; ${params}`) ?? []
  return paramBreaches(element, 'answer')
}

test('parses elements with parameters, quoted and bare', () => {
  assert.equal(parseExtensions('x-a, permessage-deflate ; b ; c="10";d = 4'), [
    { name: 'x-a', params: [] },
    {
      name: 'permessage-deflate',
      params: [
        ['b', null],
        ['c', '10'],
        ['d', '4'],
      ],
    },
  ])
})

test('recognizes a broken grammar', () => {
  for (const value of ['', 'a;', 'a; =1', 'a; b=', 'a; b=""', 'a; b="1 2"', 'a b', 'a; b="1', 'a,']) {
    assert.is(parseExtensions(value), null, value)
  }
})

test('reads what was agreed', () => {
  const [element] = parseExtensions('permessage-deflate; server_no_context_takeover; server_max_window_bits=9') ?? []
  assert.equal(readAgreement(element), {
    serverNoContext: true,
    clientNoContext: false,
    serverBits: 9,
    clientBits: null,
  })
})

test('finds the agreement in a 101, if there is one', () => {
  const answer = (fields: string) => parseResponse(Buffer.from(`HTTP/1.1 101 OK\r\n${fields}\r\n\r\n`))
  assert.is(agreementOf(answer('Upgrade: websocket')), null)
  assert.is(agreementOf(answer('Sec-WebSocket-Extensions: x-other')), null)
  const found = agreementOf(answer('Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=12'))
  assert.is(found?.clientBits, 12)
})

test('names what is wrong with the parameters of an answer', () => {
  assert.equal(breaches('server_no_context_takeover; client_max_window_bits=8; server_max_window_bits=15'), [])
  for (const params of [
    'server_no_context_takeover=1',
    'client_no_context_takeover; client_no_context_takeover',
    'server_max_window_bits',
    'client_max_window_bits',
    'server_max_window_bits=7',
    'server_max_window_bits=16',
    'client_max_window_bits=08',
    'x-level=6',
  ]) {
    assert.is(breaches(params).length, 1, params)
  }
})
