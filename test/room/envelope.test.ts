import { readEnvelopeId } from '../../src/client/browser.ts'
import { formatEnvelope, formatGap, formatId, parseId } from '../../src/room/envelope.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('room envelope')

test('parses the ids that it formats', () => {
  const position = { epoch: 'aZ_-9', count: 12 }
  for (const unnumbered of [null, { origin: 'p-1_x', sequence: 7 }]) {
    assert.equal(parseId(formatId(position, unnumbered)), { position, unnumbered })
  }
})

test('an invalid id parses to null', () => {
  for (const text of ['', 'x', '.1', 'x.', 'x.-1', 'x.1.2', 'x.1.y.', 'x.1e3', `${'x'.repeat(33)}.1`, 'x.1 ', 'ü.1']) {
    assert.is(parseId(text), null, text)
  }
})

test('the browser client finds the id of every envelope', () => {
  assert.is(readEnvelopeId(formatEnvelope('x.1', '“{"id":3}”')), 'x.1')
  assert.is(readEnvelopeId(formatEnvelope('x.2', Buffer.from([1]))), 'x.2')
  assert.is(readEnvelopeId(formatGap('x.3')), 'x.3')
  for (const text of [formatEnvelope(null, 'a'), formatEnvelope(null, Buffer.alloc(0)), formatGap(null)]) {
    assert.is(readEnvelopeId(text), undefined)
    assert.type(JSON.parse(text), 'object')
  }
})
