import { Arrivals } from '../../src/room/arrivals.ts'
import type { HistoryRead, TopicMessage } from '../../src/room/broker/broker.ts'
import { ENTRY_OVERHEAD } from '../../src/room/broker/size.ts'
import type { MessageId } from '../../src/room/envelope.ts'
import { type Arrival, Resumption, type WaitingArrival } from '../../src/room/resumption.ts'
import type { WebSocket } from '../../src/session/websocket.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('room resumption')

const message = (count: number, origin: string, sequence: number): TopicMessage => ({
  epoch: 'e',
  count,
  origin,
  sequence,
  payload: `${origin}${sequence}`,
  compress: true,
})

const read = (messages: TopicMessage[], count: number, isComplete = true): HistoryRead => ({
  messages,
  isComplete,
  position: { epoch: 'e', count },
})

/** Returns a resumption, and a function that adds a message that arrives. */
function makeResumption(...[last, maxCount, maxBytes]: [MessageId | null, number, number]) {
  const arrivals = new Arrivals<WaitingArrival>(maxBytes, maxCount, ({ arrival }) => arrival.publication.payload)
  const resumption = new Resumption({} as WebSocket, last, arrivals)
  return {
    add: (arrival: Arrival) => arrivals.push({ arrival, except: [] }),
    settle: resumption.settle.bind(resumption),
  }
}

/** Returns what the member is sent, in order. */
function settle(resumption: Pick<Resumption, 'settle'>, history: HistoryRead): string {
  const { messages, arrived } = resumption.settle(history, 'own')
  return [...messages.map(({ payload }) => payload), ...arrived.map(({ publication }) => publication.payload)].join(' ')
}

test('a message that is in the history and also arrives is sent once', () => {
  const resumption = makeResumption({ position: { epoch: 'e', count: 1 }, unnumbered: null }, 10, 10_000)
  const [second, third, fourth] = [message(2, 'p', 2), message(3, 'own', 1), message(4, 'p', 3)]
  // A message of another process with its number, and one of this process before it has a number.
  resumption.add({ id: '', publication: second, position: second, source: second })
  resumption.add({ id: '', publication: third, position: null, source: third })
  resumption.add({ id: '', publication: fourth, position: fourth, source: fourth })
  const later = message(0, 'own', 2)
  resumption.add({ id: '', publication: later, position: null, source: later })
  assert.is(settle(resumption, read([second, third], 3)), 'p2 own1 p3 own2')
})

test('what a member got before it was numbered is not sent again, from the history or when it arrives', () => {
  const ahead = { origin: 'p', sequence: 6 }
  const resumption = makeResumption({ position: { epoch: 'e', count: 1 }, unnumbered: ahead }, 10, 10_000)
  const sixth = message(4, 'p', 6)
  resumption.add({ id: '', publication: sixth, position: sixth, source: sixth })
  assert.is(settle(resumption, read([message(2, 'p', 5), message(3, 'q', 1)], 3)), 'q1')
})

test('is not complete when more arrived than is stored, or the history was not', () => {
  const resumption = makeResumption(null, 2, 10_000)
  for (let i = 1; i <= 3; i++) {
    const each = message(i, 'p', i)
    resumption.add({ id: '', publication: each, position: each, source: each })
  }
  const { arrived, isComplete } = resumption.settle(read([], 0), 'own')
  assert.equal([arrived.length, isComplete], [2, false])
  assert.is(makeResumption(null, 2, 10_000).settle(read([], 0, false), 'own').isComplete, false)
})

test('is not complete when larger messages arrived than are stored, and stores the newest ones', () => {
  const resumption = makeResumption(null, 1000, 3 * (ENTRY_OVERHEAD + 2000))
  for (let i = 1; i <= 5; i++) {
    const each = { ...message(i, 'p', i), payload: i % 2 === 0 ? 'x'.repeat(1000) : Buffer.alloc(2000) }
    resumption.add({ id: '', publication: each, position: each, source: each })
  }
  const { arrived, isComplete } = resumption.settle(read([], 0), 'own')
  assert.equal([arrived.map(({ source }) => source.sequence), isComplete], [[3, 4, 5], false])
  const none = makeResumption(null, 1000, 100)
  const large = message(1, 'p', 1)
  none.add({ id: '', publication: large, position: large, source: large })
  assert.equal(none.settle(read([], 0), 'own'), { messages: [], arrived: [], isComplete: false })
})
