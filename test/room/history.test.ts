import { readEnvelopeId } from '../../src/client/browser.ts'
import { formatEnvelope, formatGap, formatId, parseId, TopicLog } from '../../src/room/history.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('room history')

const publication = (sequence: number, payload: string) => ({ sequence, payload, compress: true })

test('an id survives being written and read', () => {
  const position = { epoch: 'aZ_-9', count: 12 }
  for (const ahead of [null, { origin: 'p-1_x', sequence: 7 }]) {
    assert.equal(parseId(formatId(position, ahead)), { position, ahead })
  }
})

test('what is no id is none', () => {
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

test('a log keeps the last messages for their time and numbers all of them', () => {
  const log = new TopicLog()
  const history = { size: 3, ttl: 100 }
  for (let i = 1; i <= 5; i++) log.append('p', publication(i, `m${i}`), history, i * 10)
  const texts = (count: number, now: number) => {
    const { messages, isComplete } = log.read({ epoch: log.epoch, count }, now)
    return [messages.map(({ payload }) => payload).join(), isComplete]
  }
  assert.equal(texts(1, 60), ['m3,m4,m5', false])
  assert.equal(texts(2, 60), ['m3,m4,m5', true])
  assert.equal(texts(4, 60), ['m5', true])
  assert.equal(texts(5, 60), ['', true])
  assert.equal(texts(6, 60), ['m3,m4,m5', false])
  assert.equal(texts(2, 135), ['m4,m5', false])
  assert.equal(texts(4, 151), ['', false])
  assert.equal([log.size, log.position.count], [0, 5])
})

test('messages that were lost before one leave a hole that no read hides', () => {
  const log = new TopicLog()
  const history = { size: 9, ttl: 100 }
  log.append('p', publication(1, 'a'), history, 0)
  log.append('p', publication(4, 'd'), history, 0, 2)
  assert.equal([log.read({ epoch: log.epoch, count: 1 }, 0).isComplete, log.position.count], [false, 4])
  assert.is(log.read({ epoch: log.epoch, count: 3 }, 0).isComplete, true)
})
