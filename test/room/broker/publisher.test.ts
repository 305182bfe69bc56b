import { releaseSharedMemory, sharedMemoryUsed } from '../../../src/connection/shared-memory.ts'
import type { Outgoing } from '../../../src/room/broker/broker.ts'
import { Publisher } from '../../../src/room/broker/publisher.ts'
import { ENTRY_OVERHEAD } from '../../../src/room/broker/size.ts'
import { endOfTick } from '../../support/tick.ts'
import { afterEachTest, assert, suite } from '../../support/unit.ts'

const test = suite('publisher')

const publishers: Publisher[] = []
afterEachTest(() => {
  for (const publisher of publishers.splice(0)) publisher.stop()
})

/** Makes a publisher whose other side responds when the test decides. */
function makePublisher(limits: ConstructorParameters<typeof Publisher>[0] = {}) {
  const batches: string[] = []
  let settle: { resolve(): void; reject(error: Error): void } | null = null
  const renewals: (string | null)[] = []
  const publisher = new Publisher(limits, (batch: readonly Outgoing[], renewal: string | null) => {
    renewals.push(renewal)
    batches.push(batch.map(({ payload, skipped }) => `${payload}${skipped > 0 ? `(${skipped})` : ''}`).join(' '))
    return new Promise((resolve, reject) => {
      settle = { resolve, reject }
    })
  })
  publishers.push(publisher)
  let sequence = 0
  const publish = (payload: string, topic = 'a'): void =>
    publisher.publish(topic, { sequence: ++sequence, payload, compress: true }, null)
  return {
    publisher,
    batches,
    renewals,
    publish,
    accept: () => settle?.resolve(),
    fail: () => settle?.reject(new Error('away')),
  }
}

test('messages of one tick, or of the time in which a batch is sent, share a batch', async () => {
  const { publisher, batches, publish, accept } = makePublisher()
  publish('1')
  publish('2')
  await endOfTick()
  publish('3')
  publish('4')
  await endOfTick()
  assert.equal([batches, publisher.count], [['1 2'], 4])
  accept()
  await endOfTick()
  assert.equal([batches, publisher.count, publisher.publishedCount], [['1 2', '3 4'], 2, 2])
})

test('a batch that fails is sent again, before later messages', async () => {
  const { publisher, batches, publish, accept, fail } = makePublisher()
  publish('1')
  await endOfTick()
  publish('2')
  fail()
  await endOfTick()
  assert.equal([batches, publisher.lastError], [['1'], 'Error: away'])
  publisher.retry()
  accept()
  await endOfTick()
  assert.equal(batches, ['1', '1', '2'])
})

test('retries by itself', async () => {
  const { batches, publish, fail } = makePublisher()
  publish('1')
  await endOfTick()
  fail()
  while (batches.length < 2) await endOfTick()
  assert.equal(batches, ['1', '1'])
})

test('the oldest messages are dropped when too many wait, and the next of their topic carries their number', async () => {
  const { publisher, batches, publish, accept } = makePublisher({ maxWaitingMessages: 3 })
  publish('1')
  await endOfTick()
  for (const text of ['2', '3', '4', '5']) publish(text)
  publish('b', 'other')
  assert.equal([publisher.count, publisher.droppedCount], [4, 2])
  accept()
  await endOfTick()
  assert.equal(batches, ['1', '4(2) 5 b'])
})

test('a topic without waiting messages remembers how many were dropped', async () => {
  const { batches, publish, accept } = makePublisher({ maxWaitingBytes: ENTRY_OVERHEAD + 4 })
  publish('lost', 'rare')
  publish('aaaa')
  publish('b', 'rare')
  await endOfTick()
  accept()
  await endOfTick()
  assert.equal(batches, ['b(1)'])
})

test('the messages of a topic are numbered when they are sent, however many topics wait', async () => {
  const { batches, publish, accept, publisher } = makePublisher({ maxWaitingMessages: 4 })
  for (const text of ['1', '2', '3', '4', '5', '6', '7']) publish(text, text > '4' ? 'b' : 'a')
  publish('8', 'a')
  await endOfTick()
  accept()
  await endOfTick()
  assert.equal([batches, publisher.droppedCount], [['5 6 7 8(4)'], 4])
})

test('when messages of too many topics are dropped, every topic gets a new epoch, once', async () => {
  const { publisher, batches, renewals, publish, accept, fail } = makePublisher({ maxWaitingMessages: 1 })
  for (let i = 0; i < 25_000; i++) publish('x', `topic ${i}`)
  assert.ok(publisher.bytes <= 10_002 * (ENTRY_OVERHEAD + 1), `${publisher.bytes} bytes`)
  const counted = 24_999 - 2 * 10_001
  assert.is(publisher.bytes, (counted + 1) * ENTRY_OVERHEAD + 1)
  await endOfTick()
  fail()
  await endOfTick()
  publisher.retry()
  accept()
  await endOfTick()
  publish('y', 'topic 1')
  publish('z', 'topic 24998')
  await endOfTick()
  accept()
  await endOfTick()
  assert.equal(batches, ['x', 'x', 'z(1)'])
  assert.equal([typeof renewals[0], renewals[1], renewals[2]], ['string', renewals[0], null])
})

test('when maxMemory needs the memory of the numbers of dropped messages, every topic gets a new epoch', async () => {
  const { publisher, batches, renewals, publish, accept } = makePublisher({ maxWaitingMessages: 1 })
  for (const topic of ['a', 'b', 'c']) publish('x', topic)
  assert.is(publisher.bytes, 3 * ENTRY_OVERHEAD + 1)
  // All of it, because what is released first belongs to the largest store of the process.
  releaseSharedMemory(sharedMemoryUsed())
  assert.is(publisher.bytes, 0)
  publish('y', 'a')
  await endOfTick()
  accept()
  await endOfTick()
  assert.equal([batches, typeof renewals[0]], [['y'], 'string'])
})

test('`settled` resolves when everything is accepted, or when an attempt fails', async () => {
  const { publisher, publish, accept, fail } = makePublisher()
  await publisher.settled()
  publish('1')
  await endOfTick()
  let isSettled = false
  const settling = publisher.settled().then(() => (isSettled = true))
  await endOfTick()
  assert.is(isSettled, false)
  accept()
  await settling
  publish('2')
  await endOfTick()
  const failing = publisher.settled()
  fail()
  await failing
  await publisher.settled()
  publisher.stop()
  assert.equal([publisher.count, publisher.bytes], [0, 0])
})
