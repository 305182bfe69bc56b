import { ReconnectingWebSocket } from '../../../src/client/browser.ts'
import { FakeSocket, makeWorld } from '../../support/fake-browser.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('browser client: the interface of WebSocket')

const microtasks = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('it opens, receives, sends and closes as a WebSocket does', () => {
  const { client, last, events } = makeWorld({ protocols: ['chat'] })
  assert.is(client.readyState, ReconnectingWebSocket.CONNECTING)
  assert.equal([last.url, last.protocols], ['ws://host/path', ['chat']])
  last.protocol = 'chat'
  last.extensions = 'permessage-deflate'
  last.open()
  assert.is(client.readyState, client.OPEN)
  assert.equal([client.protocol, client.extensions], ['chat', 'permessage-deflate'])
  last.receive('hi')
  client.send('ho')
  assert.equal(last.sent, ['ho'])
  last.bufferedAmount = 7
  assert.is(client.bufferedAmount, 7)
  client.close(3001, 'done')
  assert.is(client.readyState, client.CLOSING)
  assert.equal(last.closedWith, [3001, 'done'])
  last.lose(3001, 'done', true)
  assert.is(client.readyState, client.CLOSED)
  assert.equal(events, ['open', 'message:hi', 'close:3001'])
})

test('the on… properties are called with the events', () => {
  const { client, last, clock } = makeWorld()
  const seen: string[] = []
  client.onopen = ({ type }) => seen.push(type)
  client.onmessage = ({ type, data, origin }) => seen.push(`${type}:${data}:${origin}`)
  client.onreconnecting = ({ type, reason }) => seen.push(`${type}:${reason}`)
  client.onerror = ({ type }) => seen.push(type)
  client.onclose = ({ type, wasClean }) => seen.push(`${type}:${wasClean}`)
  last.open()
  last.receive('a')
  last.lose(1001, 'restart', true)
  client.onreconnecting = null
  clock.advance(1000)
  client.close()
  assert.equal(seen, ['open', 'message:a:ws://host', 'reconnecting:restart'])
})

test('the binary type applies to the present connection and to those that follow', () => {
  const world = makeWorld()
  assert.is(world.last.binaryType, 'blob')
  world.client.binaryType = 'arraybuffer'
  assert.is(world.last.binaryType, 'arraybuffer')
  world.last.lose()
  world.client.binaryType = 'arraybuffer'
  world.clock.advance(1000)
  assert.is(world.last.binaryType, 'arraybuffer')
  assert.is(world.client.binaryType, 'arraybuffer')
})

test('without a global WebSocket it throws', async () => {
  const environment = { WebSocket: undefined as never }
  const error = await thrownBy(() => new ReconnectingWebSocket('ws://host', [], { environment }))
  assert.match(error.message, /WebSocket is undefined; allowed: Node 22/)
})

test('after close it does not reconnect, whatever the code', () => {
  const { client, last, events, clock } = makeWorld()
  last.open()
  client.close()
  assert.equal(last.closedWith, [1000, ''])
  client.close(3000)
  assert.equal(last.closedWith, [1000, ''])
  last.receive('too late')
  last.lose(1006)
  assert.equal(events, ['open', 'close:1006'])
  assert.is(clock.timerCount, 0)
})

test('closed while it waits for an attempt, it ends without one', async () => {
  const { client, last, events, sockets, clock } = makeWorld()
  last.lose()
  client.close()
  assert.is(client.readyState, client.CLOSING)
  await microtasks()
  assert.is(client.readyState, client.CLOSED)
  clock.advance(60_000)
  assert.equal(events.slice(1), ['close:1006'])
  assert.is(sockets.length, 1)
})

test('closed by a listener of the event reconnecting, it ends', async () => {
  const { client, last, sockets, clock } = makeWorld()
  client.addEventListener('reconnecting', () => client.close())
  last.lose()
  await microtasks()
  clock.advance(60_000)
  assert.is(client.readyState, client.CLOSED)
  assert.is(sockets.length, 1)
})

test('closed before it is open, a late answer changes nothing', () => {
  const { client, last, events } = makeWorld()
  client.send('never')
  client.close()
  last.open()
  assert.equal([client.readyState, last.sent, events], [client.CLOSING, [], []])
})

test('close refuses codes and reasons that a WebSocket refuses', async () => {
  const { client } = makeWorld()
  for (const code of [0, 999, 1001, 1005, 1006, 2999, 5000, Number.NaN]) {
    assert.is((await thrownBy(() => client.close(code))).name, 'InvalidAccessError', String(code))
  }
  assert.is((await thrownBy(() => client.close(1000, 'é'.repeat(62)))).name, 'SyntaxError')
  client.close(4999, 'é'.repeat(61))
  assert.is(client.readyState, client.CLOSING)
})

test('a signal closes it with 1000 when it is aborted, and is released when it is closed', async () => {
  const abort = new AbortController()
  const { client, last } = makeWorld({ signal: abort.signal })
  last.open()
  abort.abort()
  assert.is(client.readyState, client.CLOSING)
  assert.equal(last.closedWith, [1000, ''])

  const other = new AbortController()
  const ended = makeWorld({ signal: other.signal })
  ended.last.open()
  ended.last.lose(1000, '', true)
  other.abort()
  assert.equal(ended.events, ['open', 'close:1000'])
})

test('with an aborted signal it does not connect', async () => {
  const { client, sockets, events } = makeWorld({ signal: AbortSignal.abort() })
  await microtasks()
  assert.equal([client.readyState, sockets.length, events], [client.CLOSED, 0, ['close:1006']])
})

test('an undefined option has its default', () => {
  const { last, events } = makeWorld({ minDelay: undefined, shouldReconnect: undefined })
  last.lose()
  assert.equal(events, ['reconnecting:1:1000:1006'])
})

test('options may be the second argument', async () => {
  const environment = { WebSocket: FakeSocket }
  const controller = new AbortController()
  const client = new ReconnectingWebSocket('ws://host', { environment, signal: controller.signal })
  controller.abort()
  assert.is(client.readyState, client.CLOSING)
  const options = { environment } as never
  const error = await thrownBy(() => new ReconnectingWebSocket('ws://host', options, options))
  assert.instance(error, TypeError)
  assert.match(error.message, 'option protocols is an object (Object); allowed: a string, an array of strings')
})

test('options are checked: their names, types and values', async () => {
  const wrong: [object, new (message: string) => Error, RegExp][] = [
    [{ minDelays: 1 }, TypeError, /^option minDelays is unknown; allowed: minDelay, maxDelay/],
    [{ minDelay: '5' }, TypeError, /^option minDelay is '5'; allowed: an integer from 0 to 2147483647/],
    [{ connectTimeout: Number.POSITIVE_INFINITY }, RangeError, /^option connectTimeout is Infinity/],
    [{ maxAttempts: -1 }, RangeError, /^option maxAttempts is -1; allowed: an integer from 0, or Infinity/],
    [{ lastId: 'id' }, TypeError, /^option lastId is 'id'; allowed: a function/],
  ]
  for (const [options, type, message] of wrong) {
    const error = await thrownBy(() => makeWorld(options))
    assert.instance(error, type)
    assert.match(error.message, message)
  }
})
