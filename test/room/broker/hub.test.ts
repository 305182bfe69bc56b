import { sharedMemoryUsed } from '../../../src/connection/shared-memory.ts'
import type { TopicMessage } from '../../../src/room/broker/broker.ts'
import { Hub } from '../../../src/room/broker/hub.ts'
import { ENTRY_OVERHEAD } from '../../../src/room/broker/size.ts'
import { assert, suite, type TestContext } from '../../support/unit.ts'

const test = suite('room hub')

const makeClient = (origin: string) => {
  const received: string[] = []
  return {
    origin,
    received,
    onMessage: (topic: string, { count, payload }: TopicMessage) => received.push(`${topic} ${count} ${payload}`),
  }
}

const outgoing = (topic: string, sequence: number, payload: string, skipped = 0) => ({
  topic,
  sequence,
  payload,
  compress: true,
  history: null,
  skipped,
})

function makeHub(t: TestContext) {
  const hub = new Hub()
  t.after(() => hub.close())
  return hub
}

test('gives every topic a new epoch when messages of unknown topics were lost', (t) => {
  const hub = makeHub(t)
  const client = makeClient('p')
  hub.subscribe(client, 'a')
  const { epoch } = hub.publish('p', { ...outgoing('a', 1, 'x'), history: { size: 10, ttl: 10_000 } })
  hub.renew()
  const next = hub.publish('p', { ...outgoing('a', 2, 'y', 3), history: { size: 10, ttl: 10_000 } })
  assert.ok(next.epoch !== epoch)
  assert.equal(client.received, ['a 1 x', 'a 4 y'])
  const { messages, isComplete } = hub.read('a', { epoch, count: 1 })
  assert.equal([messages.map(({ payload }) => payload), isComplete], [['y'], false])
  assert.is(hub.historyBytes, ENTRY_OVERHEAD + 1)
})

test('numbers the messages of a topic and passes them to its subscribers', (t) => {
  const hub = makeHub(t)
  const [first, second] = [makeClient('p'), makeClient('q')]
  assert.is(hub.subscribe(first, 'a').count, 0)
  hub.publish('p', outgoing('a', 1, 'x'))
  assert.is(hub.subscribe(second, 'a').count, 1)
  hub.publish('q', outgoing('a', 1, 'y'))
  hub.publish('q', outgoing('b', 2, 'z'))
  hub.unsubscribe(first, 'a')
  hub.publish('q', outgoing('a', 3, 'w', 2))
  assert.equal(
    [first.received, second.received],
    [
      ['a 1 x', 'a 2 y'],
      ['a 2 y', 'a 5 w'],
    ],
  )
})

test('a process that has ended announces nothing and gets no messages', (t) => {
  const hub = makeHub(t)
  const [first, second] = [makeClient('p'), makeClient('q')]
  hub.subscribe(first, 'a')
  hub.announce(first, 'k1', 'v')
  hub.announce(first, 'k2', 'v')
  hub.announce(first, 'k2', null)
  assert.equal([hub.presence(second, 'k1'), hub.presenceKeys(second, 'k')], [['v'], ['k1']])
  assert.equal([hub.presence(first, 'k1'), hub.presenceKeys(second, 'x')], [[], []])
  hub.remove(first)
  hub.publish('q', outgoing('a', 1, 'x'))
  assert.equal([first.received, hub.presence(second, 'k1')], [[], []])
})

test('the history of all topics is bounded by bytes; the topic that was silent longest loses its history first', (t) => {
  for (const payload of ['', 'x'.repeat(10_000)]) {
    const size = ENTRY_OVERHEAD + payload.length
    const hub = new Hub({ historyBytes: 10 * size })
    t.after(() => hub.close())
    const history = { size: 100, ttl: 60_000 }
    const publish = (topic: string) => hub.publish('p', { ...outgoing(topic, 1, payload), history })
    const read = (topic: string) => hub.read(topic, { epoch: '', count: 0 }).messages.length
    for (let i = 0; i < 6; i++) publish('silent')
    for (let i = 0; i < 7; i++) publish('active')
    assert.equal([read('silent'), read('active'), hub.historyBytes], [3, 7, 10 * size])
    publish('silent')
    for (let i = 0; i < 10; i++) publish(`other ${i}`)
    assert.equal([read('silent'), read('active'), read('other 9'), hub.historyBytes], [0, 0, 1, 10 * size])
    assert.is(hub.locate('active').count, 7)
  }
})

test('a closed hub has no history, in any topic', () => {
  const hub = new Hub()
  const before = sharedMemoryUsed()
  for (const topic of ['a', 'b']) hub.publish('p', { ...outgoing(topic, 1, 'x'), history: { size: 10, ttl: 60_000 } })
  assert.ok(sharedMemoryUsed() > before)
  hub.close()
  assert.equal([sharedMemoryUsed(), hub.historyBytes], [before, 0])
  assert.is(hub.locate('a').count, 1)
})
