import { agreeOn } from '../../../src/conformance/client/agreement.ts'
import { parseRequest } from '../../../src/conformance/client/request.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/client/agreement')

function answerTo(offer: string, ...wishes: string[]) {
  const head = `GET / HTTP/1.1\r\nSec-WebSocket-Extensions: ${offer}\r\n\r\n`
  return agreeOn(parseRequest(Buffer.from(head)), wishes)
}

test('what a case asks of a server is asked of the client', () => {
  const agreement = answerTo(
    'permessage-deflate; client_max_window_bits',
    'permessage-deflate; server_no_context_takeover; server_max_window_bits=9',
  )
  assert.is(agreement?.answer, 'permessage-deflate; client_no_context_takeover; client_max_window_bits=9')
  assert.is(agreement?.turned, 'permessage-deflate; server_no_context_takeover; server_max_window_bits=9')
  assert.is(agreement?.clientBits, 9)
  assert.not(agreement?.clientKeepsWindow)
})

test('what the client asks of the server is promised', () => {
  const offer = 'permessage-deflate; server_no_context_takeover; server_max_window_bits=10'
  const agreement = answerTo(offer, 'permessage-deflate')
  assert.is(agreement?.answer, offer)
  assert.is(agreement?.turned, 'permessage-deflate; client_no_context_takeover; client_max_window_bits=10')
})

test('the hint of a client is given back, because a client may refuse a response without it', () => {
  const agreement = answerTo('permessage-deflate; client_no_context_takeover', 'permessage-deflate')
  assert.is(agreement?.answer, 'permessage-deflate; client_no_context_takeover')
  assert.not(agreement?.clientKeepsWindow)
})

test('of several wishes the first that the offer allows is used', () => {
  const wishes = 'permessage-deflate; server_max_window_bits=9, permessage-deflate; server_no_context_takeover'
  assert.is(answerTo('permessage-deflate', wishes)?.answer, 'permessage-deflate; client_no_context_takeover')
  assert.is(answerTo('permessage-deflate', 'permessage-deflate; server_max_window_bits=9'), null)
  assert.is(answerTo('x-other', 'permessage-deflate'), null)
})
