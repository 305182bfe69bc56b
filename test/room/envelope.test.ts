import { readEnvelopeId } from '../../src/client/browser.ts'
import { formatEnvelope, formatGap, formatId, formatJoined, parseLast, roomKeyOf } from '../../src/room/envelope.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('room envelope')

const key = roomKeyOf('r:lobby')

test('finds the id of a room among those of others', () => {
  const position = { epoch: 'aZ_-9', count: 12 }
  const other = formatId(roomKeyOf('r:other'), { epoch: 'x', count: 1 }, null)
  for (const unnumbered of [null, { origin: 'p-1_x', sequence: 7 }]) {
    const id = formatId(key, position, unnumbered)
    for (const last of [id, `${other}*${id}`, `${id}*${other}`]) {
      assert.equal(parseLast(last, key), { position, unnumbered })
    }
  }
  assert.is(parseLast(other, key), undefined)
})

test('anything invalid parses to null', () => {
  const id = formatId(key, { epoch: 'x', count: 1 }, null)
  for (const text of [
    '',
    'x',
    'x.1',
    `${key}.x.`,
    `${key}.x.-1`,
    `${id}.2`,
    `${id}.y.`,
    `${key}.x.1e3`,
    `${id}*`,
    `${id} `,
  ]) {
    assert.is(parseLast(text, key), null, text)
  }
})

test('different names have different keys, lone surrogates too', () => {
  const names = ['', 'a', '\ud800', '\udfff', '\ufffd']
  assert.is(new Set(names.map(roomKeyOf)).size, names.length)
})

test('the browser client finds the id of every envelope', () => {
  assert.is(readEnvelopeId(formatEnvelope('k.x.1', '“{"id":3}”')), 'k.x.1')
  assert.is(readEnvelopeId(formatEnvelope('k.x.2', Buffer.from([1]))), 'k.x.2')
  assert.is(readEnvelopeId(formatGap('k.x.3')), 'k.x.3')
  assert.is(readEnvelopeId(formatJoined('k.x.4')), 'k.x.4')
})
