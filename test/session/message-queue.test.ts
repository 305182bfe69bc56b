import type { Data } from '../../src/connection/host.ts'
import {
  CallbackWaiter,
  MessageQueue,
  overrideQueueMarks,
  type QueueOptions,
  readQueueMarks,
} from '../../src/session/message-queue.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('message queue')

function makeQueue(options: QueueOptions = {}) {
  const calls: string[] = []
  const queue = new MessageQueue(readQueueMarks(options), {
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
  })
  return { queue, calls }
}

test('returns messages in order: text, binary and empty ones', () => {
  const { queue } = makeQueue()
  const messages: Data[] = ['a', Buffer.of(1), '', Buffer.alloc(0)]
  for (const message of messages) queue.push(message)
  assert.is(queue.count, 4)
  assert.is(queue.bytes, 3)
  for (const message of messages) assert.is(queue.shift(), message)
  assert.is(queue.shift(), undefined)
  assert.is(queue.bytes, 0)
})

test('agrees with an array over a long random walk', () => {
  const { queue } = makeQueue({ queueHighCount: 100_000 })
  const oracle: string[] = []
  let seed = 1
  for (let step = 0; step < 20_000; step++) {
    seed = (seed * 48271) % 0x7fffffff
    const grows = Math.floor(step / 4000) % 2 === 0
    if (seed % 10 < (grows ? 7 : 3)) {
      queue.push(`m${step}`)
      oracle.push(`m${step}`)
    } else assert.is(queue.shift(), oracle.shift())
    assert.is(queue.count, oracle.length)
  }
  for (const message of oracle) assert.is(queue.shift(), message)
  assert.is(queue.bytes, 0)
})

test('pauses its source once at the high count and resumes it once at the low count', () => {
  const { queue, calls } = makeQueue({ queueHighCount: 4, queueLowCount: 1 })
  for (const message of ['a', 'b', 'c']) queue.push(message)
  assert.equal(calls, [])
  for (const message of ['d', 'e']) queue.push(message)
  assert.equal(calls, ['pause'])
  for (let i = 0; i < 3; i++) queue.shift()
  assert.equal(calls, ['pause'])
  queue.shift()
  assert.equal(calls, ['pause', 'resume'])
  queue.shift()
  assert.equal(calls, ['pause', 'resume'])
})

test('pauses at the high bytes, a character of text counting two, and resumes at the low bytes', () => {
  const { queue, calls } = makeQueue({ queueHighBytes: 10, queueLowBytes: 2 })
  queue.push('1234')
  assert.equal(calls, [])
  queue.push(Buffer.alloc(2))
  assert.equal(calls, ['pause'])
  queue.shift()
  assert.equal(calls, ['pause', 'resume'])
})

test('delivers messages that arrive while the source resumes in order', () => {
  const calls: string[] = []
  const queue: MessageQueue = new MessageQueue(readQueueMarks({ queueHighCount: 2 }), {
    pause: () => calls.push('pause'),
    resume: () => {
      calls.push('resume')
      if (calls.length < 4) for (const message of ['c', 'd', 'e']) queue.push(message)
    },
  })
  for (const message of ['a', 'b']) queue.push(message)
  const shifted: (Data | undefined)[] = []
  for (let i = 0; i < 5; i++) shifted.push(queue.shift())
  assert.equal(shifted, ['a', 'b', 'c', 'd', 'e'])
  assert.equal(calls, ['pause', 'resume', 'pause', 'resume'])
})

test('serves waiters in the order of their calls, without those that were removed', () => {
  const { queue } = makeQueue()
  const served: string[] = []
  const waiters = ['a', 'b', 'c', 'd', 'e'].map(
    (name) => new CallbackWaiter((message) => served.push(`${name}:${message}`)),
  )
  for (const waiter of waiters) queue.addWaiter(waiter)
  queue.removeWaiter(waiters[0])
  queue.removeWaiter(waiters[2])
  queue.removeWaiter(waiters[4])
  for (const message of ['1', '2', '3']) queue.push(message)
  assert.equal(served, ['b:1', 'd:2'])
  assert.is(queue.shift(), '3')
})

test('ends the waiters with null, in order, and retains unread messages', () => {
  const { queue } = makeQueue()
  const served: unknown[] = []
  for (const name of ['a', 'b']) queue.addWaiter(new CallbackWaiter((message) => served.push(name, message)))
  queue.end()
  assert.equal(served, ['a', null, 'b', null])
  const other = makeQueue().queue
  other.push('kept')
  other.end()
  assert.is(other.hasEnded, true)
  assert.is(other.shift(), 'kept')
})

test('fills in missing marks', () => {
  assert.equal(readQueueMarks({ queueHighCount: 10 }), {
    queueHighCount: 10,
    queueLowCount: 2,
    queueHighBytes: 1048576,
    queueLowBytes: 262144,
  })
})

test('throws a RangeError for marks that are not allowed', async () => {
  const wrong: QueueOptions[] = [
    { queueHighCount: 0 },
    { queueHighCount: 1.5 },
    { queueHighBytes: Number.NaN },
    { queueHighCount: 4, queueLowCount: 4 },
    { queueLowBytes: -1 },
  ]
  for (const options of wrong) assert.instance(await thrownBy(() => readQueueMarks(options)), RangeError)
  assert.instance(await thrownBy(() => readQueueMarks({ queueHighCount: '9' as never })), TypeError)
  const error = await thrownBy(() => readQueueMarks({ queueHighCount: 4, queueLowCount: 4 }))
  assert.is(error.message, 'option queueLowCount is 4; allowed: an integer from 0 to 3')
})

test('a view replaces the marks that it sets, and no others', () => {
  const server = readQueueMarks({ queueHighCount: 100, queueHighBytes: 4000, queueLowBytes: 3000 })
  assert.equal(overrideQueueMarks(server, {}), server)
  assert.equal(overrideQueueMarks(server, { queueHighBytes: 80 }), { ...server, queueHighBytes: 80, queueLowBytes: 20 })
  assert.equal(overrideQueueMarks(server, { queueHighCount: 8, queueLowCount: 7 }), {
    ...server,
    queueHighCount: 8,
    queueLowCount: 7,
  })
})

test('a low mark of a view stays below the high mark of the server', () => {
  const server = readQueueMarks({ queueHighCount: 10, queueHighBytes: 10 })
  const { queueLowCount, queueLowBytes } = overrideQueueMarks(server, { queueLowCount: 500, queueLowBytes: 500 })
  assert.equal([queueLowCount, queueLowBytes], [9, 9])
})
