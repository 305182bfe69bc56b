import { makeWorld } from '../../support/fake-browser.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('browser client: heartbeat')

const HEARTBEAT = { heartbeatInterval: 30_000 }

test('after thirty seconds of silence it sends ping; a pong is a sign of life and hidden from the application', () => {
  const { last, clock, events, sockets } = makeWorld(HEARTBEAT)
  last.open()
  for (let i = 1; i <= 3; i++) {
    clock.advance(29_999)
    assert.is(last.sent.length, i - 1)
    clock.advance(1)
    assert.is(last.sent.length, i)
    clock.advance(4999)
    last.receive('pong')
  }
  assert.equal([last.sent, events, sockets.length], [['ping', 'ping', 'ping'], ['open'], 1])
})

test('any message is a sign of life', () => {
  const { last, clock, events } = makeWorld(HEARTBEAT)
  last.open()
  for (let i = 0; i < 10; i++) {
    clock.advance(29_000)
    last.receive(i)
  }
  assert.equal(last.sent, [])
  clock.advance(34_999)
  assert.is(events.length, 11)
  clock.advance(1)
  assert.is(events[11], 'reconnecting:1:1000:1006')
})

test('after thirty-five seconds of silence it reconnects and ignores the old connection', () => {
  const { sockets, last, clock, events, client } = makeWorld(HEARTBEAT)
  last.open()
  clock.advance(35_000)
  assert.ok(last.closedWith)
  clock.advance(1000)
  assert.is(sockets.length, 2)
  last.receive('ghost')
  last.lose()
  sockets[1].open()
  last.lose()
  assert.is(client.readyState, client.OPEN)
  assert.equal(events, ['open', 'reconnecting:1:1000:1006', 'open'])
})

test('it sends no ping after buffered messages', () => {
  const { last, clock, events } = makeWorld(HEARTBEAT)
  last.open()
  last.bufferedAmount = 1
  clock.advance(30_000)
  assert.equal(last.sent, [])
  clock.advance(5000)
  assert.is(events[1], 'reconnecting:1:1000:1006')
})

test('a page that was suspended sends one more ping before it reconnects', () => {
  const { last, clock, events } = makeWorld(HEARTBEAT)
  last.open()
  clock.sleep(60_000)
  clock.advance(0)
  assert.equal(last.sent, ['ping'])
  clock.advance(4999)
  assert.equal(events, ['open'])
})

test('by default there is no heartbeat: silence is not a loss, and pong is a message', () => {
  const { last, clock, events } = makeWorld()
  last.open()
  last.receive('pong')
  clock.advance(3_600_000)
  assert.equal([last.sent, events, clock.timerCount], [[], ['open', 'message:pong'], 0])
})

test('a heartbeat timeout that is not longer than its interval is refused', async () => {
  const error = await thrownBy(() => makeWorld({ heartbeatInterval: 35_000, heartbeatTimeout: 35_000 }))
  assert.instance(error, RangeError)
  assert.match(error.message, /option heartbeatTimeout is 35000; allowed: more than 35000/)
})
