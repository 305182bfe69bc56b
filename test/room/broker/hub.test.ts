import type { TopicMessage } from '../../../src/room/broker/broker.ts'
import { Hub } from '../../../src/room/broker/hub.ts'
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

const publication = (sequence: number, payload: string) => ({ sequence, payload, compress: true })

function makeHub(t: TestContext) {
  const hub = new Hub()
  t.after(() => hub.close())
  return hub
}

test('numbers the messages of a topic and hands them to its subscribers', (t) => {
  const hub = makeHub(t)
  const [first, second] = [makeClient('p'), makeClient('q')]
  assert.is(hub.subscribe(first, 'a').count, 0)
  hub.publish('p', 'a', publication(1, 'x'), null)
  assert.is(hub.subscribe(second, 'a').count, 1)
  hub.publish('q', 'a', publication(1, 'y'), null)
  hub.publish('q', 'b', publication(2, 'z'), null)
  hub.unsubscribe(first, 'a')
  hub.publish('q', 'a', publication(3, 'w'), null, 2)
  assert.equal(
    [first.received, second.received],
    [
      ['a 1 x', 'a 2 y'],
      ['a 2 y', 'a 5 w'],
    ],
  )
})

test('a process that has ended announces nothing and gets nothing', (t) => {
  const hub = makeHub(t)
  const [first, second] = [makeClient('p'), makeClient('q')]
  hub.subscribe(first, 'a')
  hub.announce(first, 'k1', 'v')
  hub.announce(first, 'k2', 'v')
  hub.announce(first, 'k2', null)
  assert.equal([hub.presence(second, 'k1'), hub.presenceKeys(second, 'k')], [['v'], ['k1']])
  assert.equal([hub.presence(first, 'k1'), hub.presenceKeys(second, 'x')], [[], []])
  hub.remove(first)
  hub.publish('q', 'a', publication(1, 'x'), null)
  assert.equal([first.received, hub.presence(second, 'k1')], [[], []])
})
