import { makeWorld } from '../../support/fake-browser.ts'
import { assert, suite } from '../../support/unit.ts'

/* Methods that are called inside a listener of each event. */

const test = suite('browser client: calls inside listeners')

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** How to make a client emit each event, last of all events. */
const causes = {
  open: ['open'],
  message: ['open', 'message'],
  reconnecting: ['open', 'lose'],
  error: ['open', 'refuse'],
  close: ['open', 'refuse'],
} as const

/** The events that follow the event in whose listener a method is called. */
const expected: Record<keyof typeof causes, Record<'close' | 'reconnect', [after: string[], sockets: number]>> = {
  open: { close: [['close:1000'], 1], reconnect: [['reconnecting:1:0:1000', 'open'], 2] },
  message: { close: [['close:1000'], 1], reconnect: [['reconnecting:1:0:1000', 'open'], 2] },
  reconnecting: { close: [['close:1006'], 1], reconnect: [['open'], 2] },
  error: { close: [['close:1008'], 1], reconnect: [['open'], 2] },
  close: { close: [[], 1], reconnect: [['open'], 2] },
}

for (const type of Object.keys(causes) as (keyof typeof causes)[]) {
  for (const method of ['close', 'reconnect'] as const) {
    test(`${method}() in a listener of ${type} takes effect at once, with one connection at most`, async () => {
      const world = makeWorld()
      const { client, clock, sockets, events } = world
      client.addEventListener(type, () => client[method](), { once: true })
      for (const cause of causes[type]) {
        if (cause === 'open') world.last.open()
        if (cause === 'message') world.last.receive('hello')
        if (cause === 'lose') world.last.lose()
        if (cause === 'refuse') world.last.lose(1008, '', false)
      }
      await settled()
      const [first] = sockets
      if (method === 'close' && first.closedWith !== undefined) first.lose(1000, '', true)
      clock.advance(2000)
      if (method === 'reconnect') world.last.open()
      const [after, count] = expected[type][method]
      const index = events.findIndex((event) => event.startsWith(type))
      assert.equal(events.slice(index + 1), after)
      assert.is(sockets.length, count)
      assert.is(client.readyState, method === 'close' ? client.CLOSED : client.OPEN)
      if (method === 'reconnect' && (type === 'open' || type === 'message')) assert.equal(first.closedWith, [])
      client.close()
      await settled()
      assert.is(clock.timerCount, 0)
    })
  }
}

test('reconnect() in a listener of the event reconnecting that reconnect() has emitted opens one connection', () => {
  const world = makeWorld()
  world.client.addEventListener('reconnecting', () => world.client.reconnect(), { once: true })
  world.last.open()
  world.client.reconnect()
  assert.is(world.sockets.length, 2)
})

test('when an attempt inside a listener of error ends the client, close is emitted once', () => {
  const world = makeWorld({
    lastId: () => '1',
    resumeUrl() {
      throw new Error('no address')
    },
  })
  world.client.addEventListener('error', () => world.client.reconnect(), { once: true })
  world.last.open()
  world.last.receive('a')
  world.last.lose(1008)
  assert.equal(world.events.slice(2), ['error', 'error', 'close:1006'])
})
