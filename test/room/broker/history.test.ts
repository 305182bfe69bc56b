import type { HistoryOptions } from '../../../src/room/broker/broker.ts'
import { TopicLog } from '../../../src/room/broker/history.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('room history')

const outgoingWith =
  (history: HistoryOptions) =>
  (sequence: number, payload: string, skipped = 0) => ({
    topic: 't',
    sequence,
    payload,
    compress: true,
    history,
    skipped,
  })

test('a log stores the last messages for their time and numbers all of them', () => {
  const log = new TopicLog()
  const outgoing = outgoingWith({ size: 3, ttl: 100 })
  for (let i = 1; i <= 5; i++) log.append('p', outgoing(i, `m${i}`), i * 10)
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

test('dropped messages leave a hole in the numbers, which a read reports', () => {
  const log = new TopicLog()
  const outgoing = outgoingWith({ size: 9, ttl: 100 })
  log.append('p', outgoing(1, 'a'), 0)
  log.append('p', outgoing(4, 'd', 2), 0)
  assert.equal([log.read({ epoch: log.epoch, count: 1 }, 0).isComplete, log.position.count], [false, 4])
  assert.is(log.read({ epoch: log.epoch, count: 3 }, 0).isComplete, true)
})
