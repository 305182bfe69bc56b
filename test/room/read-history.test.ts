import { sharedMemoryUsed } from '../../src/connection/shared-memory.ts'
import type { HistoryRead, Position, Publication } from '../../src/room/broker/broker.ts'
import { MemoryBroker } from '../../src/room/broker/memory.ts'
import { ENTRY_OVERHEAD } from '../../src/room/broker/size.ts'
import { Rooms } from '../../src/room/rooms.ts'
import { Timeline } from '../../src/room/timeline.ts'
import { FakePeer } from '../support/fake-session.ts'
import { until } from '../support/tick.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('reading history while the connection fails')

const FAILED: HistoryRead = { messages: [], isComplete: false, position: null }
const history = { size: 100, ttl: 60_000 }

/** A broker whose history cannot be read for the first `failures` attempts. */
class FlakyBroker extends MemoryBroker {
  failures: number
  readCount = 0

  constructor(failures: number) {
    super()
    this.failures = failures
  }

  override read(topic: string, after: Position): Promise<HistoryRead> {
    this.readCount += 1
    return this.readCount > this.failures ? super.read(topic, after) : Promise.resolve(FAILED)
  }
}

/** Makes a timeline that adds a text to `seen` for each message and gap. */
function makeTimeline(broker: MemoryBroker, seen: string[], describe: (publication: Publication) => string): Timeline {
  const settings = { history, delivery: { backlogBytes: 10_000 } }
  return new Timeline('r:lobby', broker, settings, {
    onArrival: ({ publication }) => seen.push(describe(publication)),
    onMissed: ({ missedCount }) => seen.push(`gap of ${missedCount}`),
  })
}

const publication = (sequence: number) => ({ sequence, payload: `message ${sequence}`, compress: true })

for (const [failures, expected] of [
  [0, 'message 1, message 2, message 3'],
  [2, 'message 1, message 2, message 3'],
  [1000, 'gap of 2, message 3'],
] as const) {
  test(`a hole is filled from the history when ${failures} reads fail: ${expected}`, async () => {
    const broker = new FlakyBroker(failures)
    const seen: string[] = []
    const timeline = makeTimeline(broker, seen, ({ payload }) => String(payload))
    for (const sequence of [1, 2, 3]) broker.publish('r:lobby', publication(sequence), history)
    const { messages } = await MemoryBroker.prototype.read.call(broker, 'r:lobby', { epoch: '', count: 0 })
    // As from another process: the first two messages were lost with the connection.
    const stored = messages.map((message) => ({ ...message, origin: 'elsewhere' }))
    const read = broker.read.bind(broker)
    broker.read = async (topic, after) => {
      const found = await read(topic, after)
      return { ...found, messages: found.messages.map((message) => ({ ...message, origin: 'elsewhere' })) }
    }
    timeline.onMessage(stored[2])
    await until(() => seen.includes('message 3'))
    assert.is(seen.join(', '), expected)
    assert.ok(failures > 2 || broker.readCount === failures + 1, `${broker.readCount} reads`)
    assert.ok(broker.readCount < 10, `${broker.readCount} reads`)
    timeline.close()
  })
}

test('a member that resumes gets what it missed although the first read fails', async () => {
  const broker = new FlakyBroker(1)
  const room = new Rooms({ broker, history }).room('lobby')
  const first = new FakePeer()
  await room.join(first.session, { last: null })
  const { id } = JSON.parse(String(first.received[0]))
  room.broadcast('missed')
  const second = new FakePeer()
  assert.equal(await room.join(second.session, { last: id }), { missedCount: 1, isComplete: true })
  assert.is(JSON.parse(String(second.received[0])).data, 'missed')
})

test('messages that arrive while the history is read count as memory once, and are dropped above the limit', async () => {
  const before = sharedMemoryUsed()
  let answer = (): void => {}
  const broker = new MemoryBroker()
  const read = broker.read.bind(broker)
  broker.read = async (topic, after) => {
    await new Promise<void>((resolve) => {
      answer = resolve
    })
    return read(topic, after)
  }
  const rooms = new Rooms({ broker, history: { size: 10, ttl: 60_000 }, backlogBytes: 10_000 })
  const peers = [new FakePeer(), new FakePeer(), new FakePeer()]
  const joins: Promise<unknown>[] = []
  for (const { session } of peers) {
    joins.push(rooms.room('lobby').join(session, { last: 'x' }))
    rooms.room('lobby').broadcast('x'.repeat(1000))
  }
  const stored = broker.stats().publishedMessages * (ENTRY_OVERHEAD + 1000)
  assert.is(sharedMemoryUsed() - before - stored, 3 * (ENTRY_OVERHEAD + 2000))
  for (let i = 0; i < 7; i++) rooms.room('lobby').broadcast('x'.repeat(1000))
  const arrived = sharedMemoryUsed() - before - 10 * (ENTRY_OVERHEAD + 1000)
  assert.ok(arrived > 5000 && arrived <= 10_000, String(arrived))
  for (const { session } of peers) rooms.room('lobby').leave(session)
  assert.is(sharedMemoryUsed() - before, 10 * (ENTRY_OVERHEAD + 1000))
  answer()
  void joins
})

test('a room that catches up stores at most backlogBytes, and reports the rest as a gap', async () => {
  const before = sharedMemoryUsed()
  const broker = new MemoryBroker()
  let answer = (_read: HistoryRead): void => {}
  broker.read = () =>
    new Promise((resolve) => {
      answer = resolve
    })
  const seen: string[] = []
  const timeline = makeTimeline(broker, seen, ({ sequence }) => String(sequence))
  const read = await MemoryBroker.prototype.read.call(broker, 'r:lobby', { epoch: '', count: 0 })
  const { epoch } = read.position!
  const payload = 'x'.repeat(1000)
  for (let count = 2; count <= 11; count++) {
    timeline.onMessage({ epoch, count, origin: 'elsewhere', sequence: count, payload, compress: true })
    assert.ok(sharedMemoryUsed() - before <= 10_000)
  }
  assert.is(sharedMemoryUsed() - before, 3 * (ENTRY_OVERHEAD + 2000))
  answer({ messages: [], isComplete: true, position: { epoch, count: 11 } })
  await until(() => seen.length > 0)
  assert.equal(seen, ['gap of 8', '9', '10', '11'])
  assert.is(sharedMemoryUsed(), before)
  timeline.close()
})
