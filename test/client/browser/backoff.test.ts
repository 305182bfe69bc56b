import { makeWorld } from '../../support/fake-browser.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('browser client: reconnecting')

test('the first attempt follows after one to two seconds, and each failure doubles the bound up to thirty', () => {
  const bounds = (random: number): number[] => {
    const world = makeWorld({ random: () => random })
    const delays: number[] = []
    world.client.addEventListener('reconnecting', ({ delay }) => delays.push(delay))
    for (let i = 0; i < 7; i++) {
      world.last.lose()
      world.clock.advance(delays[i])
    }
    return delays
  }
  assert.equal(bounds(0), [1000, 1000, 1000, 1000, 1000, 1000, 1000])
  assert.equal(bounds(1), [2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  assert.equal(bounds(0.5), [1500, 2500, 4500, 8500, 15_500, 15_500, 15_500])
})

test('it does not connect before its time', () => {
  const { sockets, last, clock } = makeWorld()
  last.open()
  last.lose()
  clock.advance(999)
  assert.is(sockets.length, 1)
  clock.advance(1)
  assert.is(sockets.length, 2)
})

test('after a connection of ten seconds the delays start over, after a shorter one they do not', () => {
  const world = makeWorld({ random: () => 1 })
  world.last.lose()
  world.clock.advance(2000)
  world.last.open()
  world.clock.advance(9999)
  world.last.lose()
  world.clock.advance(4000)
  world.last.open()
  world.clock.advance(10_000)
  world.last.lose()
  assert.equal(
    world.events.filter((event) => event !== 'open'),
    ['reconnecting:1:2000:1006', 'reconnecting:2:4000:1006', 'reconnecting:1:2000:1006'],
  )
})

test('without a minimum the delays still grow, so that a server that closes at once is not flooded', () => {
  const world = makeWorld({ minDelay: 0, random: () => 0.5 })
  const delays = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 15_000, 15_000]
  for (const delay of delays) {
    world.last.open()
    world.last.lose()
    assert.match(world.events.at(-1)!, new RegExp(`^reconnecting:\\d+:${delay}:1006$`))
    world.clock.advance(delay)
  }
})

test('the default of one limit of the delay yields to the other, and limits that contradict each other throw', async () => {
  const world = makeWorld({ minDelay: 60_000, random: () => 0.5 })
  world.last.lose()
  const quick = makeWorld({ minDelay: undefined, maxDelay: 10, random: () => 0.5 })
  quick.last.lose()
  assert.equal([world.events, quick.events], [['reconnecting:1:60000:1006'], ['reconnecting:1:10:1006']])
  const error = await thrownBy(() => makeWorld({ minDelay: 20, maxDelay: 10 }))
  assert.is(error.message, 'option maxDelay is 10; allowed: at least 20')
})

test('after maxAttempts it ends with an error and a close', () => {
  const world = makeWorld({ maxAttempts: 2 })
  world.last.lose()
  world.clock.advance(1000)
  world.last.lose()
  world.clock.advance(1000)
  world.last.lose()
  assert.equal(world.events.slice(2), ['error', 'close:1006'])
  assert.is(world.client.readyState, world.client.CLOSED)
  assert.is(world.clock.timerCount, 0)
})

test('an attempt without an answer is abandoned after ten seconds', () => {
  const world = makeWorld()
  world.clock.advance(9999)
  assert.equal(world.events, [])
  world.clock.advance(1)
  assert.equal(world.events, ['reconnecting:1:1000:1006'])
  assert.ok(world.last.closedWith)
})

test('it reconnects after every close code but 1000, 1005, 1008 and 4000 to 4999', () => {
  for (const code of [1001, 1002, 1003, 1006, 1007, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 3000, 3999]) {
    const { last, client } = makeWorld()
    last.open()
    last.lose(code, '', true)
    assert.is(client.readyState, client.CONNECTING, String(code))
  }
  for (const code of [1000, 1005, 1008, 4000, 4999]) {
    const { last, client, events, clock } = makeWorld()
    last.open()
    last.lose(code, '', true)
    assert.is(client.readyState, client.CLOSED, String(code))
    assert.equal(events, ['open', `close:${code}`])
    assert.is(clock.timerCount, 0)
  }
})

test('the application decides which losses are final', () => {
  const asked: unknown[] = []
  const world = makeWorld({
    shouldReconnect(report) {
      asked.push(report)
      return report.code === 4001
    },
  })
  world.last.lose(4001, 'moved', true)
  assert.is(world.client.readyState, world.client.CONNECTING)
  world.clock.advance(1000)
  world.last.lose()
  assert.equal(asked, [
    { code: 4001, reason: 'moved', wasClean: true },
    { code: 1006, reason: '', wasClean: false },
  ])
  assert.equal(world.events.slice(1), ['error', 'close:1006'])
})

test('a shouldReconnect that throws is final, and its error is the reason', () => {
  const { client, last, events } = makeWorld({
    shouldReconnect() {
      throw new Error('undecided')
    },
  })
  let reason = ''
  client.onclose = (event) => {
    reason = event.reason
  }
  last.lose()
  assert.equal([events, reason], [['error', 'close:1006'], 'Error: undecided'])
})
