import type { RedisConnection } from '../../../../src/room/broker/redis/connection.ts'
import { RedisNames } from '../../../../src/room/broker/redis/names.ts'
import { RedisSubscriptions } from '../../../../src/room/broker/redis/subscriptions.ts'
import { endOfTick } from '../../../support/tick.ts'
import { assert, suite } from '../../../support/unit.ts'

const test = suite('redis subscriptions')

const listener = { onMessage() {}, onSubscribed() {} }

/** Subscriptions at a Redis that answers at once, and the commands that it gets. */
function open() {
  const commands: string[] = []
  const note = (name: string) => async (channels: string[]) => {
    const topics = channels.map((channel) => channel.replace(/^p:(?:to|of):/, ''))
    commands.push(`${name} ${topics.length > 3 ? topics.length : topics.join()}`)
  }
  const connection = { isReady: true, subscribe: note('subscribe'), unsubscribe: note('unsubscribe') }
  const subscriptions = new RedisSubscriptions(
    connection as unknown as RedisConnection,
    new RedisNames('p', 'own', false),
    {
      async locate(topics) {
        for (const topic of topics) subscriptions.onLocated(topic, { epoch: 'e', count: 0 })
      },
      onError: (error) => assert.unreachable(String(error)),
    },
  )
  const add = (topic: string): Promise<void> => subscriptions.add(topic, listener, 60_000)
  return { subscriptions, commands, add }
}

test('subscribes many topics in few commands, and again after a loss', async () => {
  const { subscriptions, commands, add } = open()
  await Promise.all(Array.from({ length: 700 }, (_, i) => add(`t${i}`)))
  assert.equal(commands.splice(0), ['subscribe own', 'subscribe 500', 'subscribe 200'])
  for (let i = 0; i < 698; i++) subscriptions.remove(`t${i}`)
  await endOfTick()
  assert.equal(commands.splice(0), ['unsubscribe 500', 'unsubscribe 198'])
  subscriptions.renew()
  await endOfTick()
  assert.equal(commands, ['subscribe own', 'subscribe t698,t699'])
})

test('subscribes a topic that is added while it is unsubscribed, and not one that is removed before', async () => {
  const { subscriptions, commands, add } = open()
  await add('a')
  subscriptions.remove('a')
  const again = add('a')
  const other = add('b')
  subscriptions.remove('b')
  await Promise.all([again, other])
  await endOfTick()
  assert.equal(commands, ['subscribe own', 'subscribe a', 'subscribe a'])
  subscriptions.remove('a')
  await endOfTick()
  assert.is(commands.at(-1), 'unsubscribe a')
})

test('the time to add and remove a topic does not depend on the number of topics', async () => {
  const { subscriptions, add } = open()
  const cpu = (since?: NodeJS.CpuUsage): number => process.cpuUsage(since).user
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: 20_000 }, (_, i) => add(`t${i}`)))
  const all = cpu(before)
  const then = process.cpuUsage()
  for (let i = 0; i < 200; i++) {
    await add(`late ${i}`)
    subscriptions.remove(`late ${i}`)
  }
  assert.ok(cpu(then) < all, `${cpu(then)} µs for 200 topics, ${all} µs for 20,000`)
})
