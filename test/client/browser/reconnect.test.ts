import { makeWorld } from '../../support/fake-browser.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('browser client: reconnect()')

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('replaces an open connection at once and keeps the messages sent meanwhile', () => {
  const { client, sockets, events } = makeWorld()
  sockets[0].open()
  client.reconnect()
  assert.ok(sockets[0].closedWith)
  client.send('waits')
  sockets[0].receive('late')
  sockets[0].lose()
  sockets[1].open()
  assert.equal(sockets[1].sent, ['waits'])
  assert.equal(events, ['open', 'reconnecting:1:0:1000', 'open'])
})

test('does not wait for the delay, and starts the delays over', () => {
  const { client, clock, sockets, events } = makeWorld({ random: () => 1 })
  sockets[0].lose()
  clock.advance(2000)
  sockets[1].lose()
  client.reconnect()
  assert.is(sockets.length, 3)
  clock.advance(9999)
  assert.is(sockets.length, 3)
  sockets[2].lose()
  assert.equal(events, ['reconnecting:1:2000:1006', 'reconnecting:2:4000:1006', 'reconnecting:1:2000:1006'])
})

test('replaces an attempt', () => {
  const { client, sockets, events } = makeWorld()
  client.reconnect()
  sockets[0].open()
  assert.is(client.readyState, client.CONNECTING)
  sockets[1].open()
  assert.equal(events, ['open'])
})

test('connects again after the end, and listens for network events again', () => {
  const { client, clock, network, sockets, events } = makeWorld()
  sockets[0].open()
  sockets[0].lose(1008, 'token expired', true)
  client.reconnect()
  sockets[1].open()
  network.dispatchEvent(new Event('offline'))
  clock.advance(1000)
  assert.equal(events, ['open', 'close:1008', 'open', 'reconnecting:1:1000:1006'])
  assert.is(sockets.length, 3)
})

test('reverses a close', async () => {
  for (const isOpen of [true, false]) {
    const { client, last, sockets, events } = makeWorld()
    if (isOpen) last.open()
    else last.lose()
    client.close()
    client.reconnect()
    await settled()
    sockets[1].open()
    assert.is(client.readyState, client.OPEN)
    assert.not(events.some((event) => event.startsWith('close')))
  }
})

test('closed by a listener of its event, it does not connect', async () => {
  const { client, last, sockets } = makeWorld()
  last.open()
  client.onreconnecting = () => client.close()
  client.reconnect()
  await settled()
  assert.equal([client.readyState, sockets.length], [client.CLOSED, 1])
})

test('has no effect once the signal is aborted', async () => {
  const { client, sockets } = makeWorld({ signal: AbortSignal.abort() })
  await settled()
  client.reconnect()
  assert.equal([client.readyState, sockets.length], [client.CLOSED, 0])
})
