import { makeWorld } from '../../support/fake-browser.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('browser client: online and offline')

test('online connects at once', () => {
  const { last, sockets, network, clock } = makeWorld({ random: () => 1 })
  last.lose()
  network.dispatchEvent(new Event('online'))
  assert.is(sockets.length, 2)
  network.dispatchEvent(new Event('online'))
  clock.advance(5000)
  assert.is(sockets.length, 2)
})

test('offline abandons the connection, so that messages wait in the outbox', () => {
  const world = makeWorld()
  world.network.dispatchEvent(new Event('offline'))
  assert.equal(world.events, [])
  world.last.open()
  world.network.dispatchEvent(new Event('offline'))
  world.client.send('kept')
  world.network.dispatchEvent(new Event('online'))
  world.last.open()
  assert.equal(world.events, ['open', 'reconnecting:1:1000:1006', 'open'])
  assert.equal(world.last.sent, ['kept'])
})

test('online with an open connection sends a ping at once', () => {
  const { last, network, clock, events } = makeWorld({ heartbeatInterval: 30_000 })
  last.open()
  network.dispatchEvent(new Event('online'))
  assert.equal(last.sent, ['ping'])
  clock.advance(5000)
  assert.is(events[1], 'reconnecting:1:1000:1006')
})

test('a closed client no longer listens for network events', () => {
  const { last, sockets, network } = makeWorld()
  last.open()
  last.lose(1000, '', true)
  network.dispatchEvent(new Event('online'))
  network.dispatchEvent(new Event('offline'))
  assert.is(sockets.length, 1)
})
