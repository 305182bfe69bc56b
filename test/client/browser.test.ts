import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { transformSync } from 'esbuild'
import { OutboxFullError, ReconnectingWebSocket, readEnvelopeId } from '../../src/client/browser.ts'
import { makeWorld } from '../support/fake-browser.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('browser client')

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

test('an address of http becomes one of ws, its fragment is dropped, and none at all throws at once', async () => {
  assert.is(makeWorld({ url: 'https://host/a?b#c' }).client.url, 'wss://host/a?b')
  assert.is(makeWorld({ url: 'http://host' }).client.url, 'ws://host/')
  assert.instance(await thrownBy(() => makeWorld({ url: '/relative' })), TypeError)
})

test('the binary type goes to the present connection and to those that follow', () => {
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

test('without a WebSocket in the world it says so', async () => {
  const environment = { WebSocket: undefined as never }
  const error = await thrownBy(() => new ReconnectingWebSocket('ws://host', [], { environment }))
  assert.match(error.message, /there is no WebSocket here/)
})

test('the first attempt comes after one to two seconds, each failure doubles the bound up to thirty', () => {
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

test('a connection of ten seconds begins anew with the shortest delay, a shorter one does not', () => {
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

test('it gives up after the attempts it was allowed, with an error and a close', () => {
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

test('an attempt that gets no answer in ten seconds is given up', () => {
  const world = makeWorld()
  world.clock.advance(9999)
  assert.equal(world.events, [])
  world.clock.advance(1)
  assert.equal(world.events, ['reconnecting:1:1000:1006'])
  assert.ok(world.last.closedWith)
})

test('it comes back after every end but 1000, 1005, 1008 and 4000 to 4999', () => {
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

test('the application decides which ends are final', () => {
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

test('after close nothing comes back, whatever the code', () => {
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

test('what is sent without a connection goes out with the next one, in order, behind what the open listener sends', () => {
  const { client, last, events } = makeWorld()
  client.onopen = () => client.send('I am')
  client.send('a')
  const bytes = new Uint8Array([1, 2, 3])
  client.send(bytes.subarray(1))
  client.send(bytes.buffer)
  bytes.fill(9)
  assert.is(client.bufferedAmount, 1 + 2 + 3)
  last.open()
  assert.equal(last.sent, ['I am', 'a', new Uint8Array([2, 3]), new Uint8Array([1, 2, 3]).buffer])
  assert.is(client.bufferedAmount, 0)
  client.send('b')
  assert.is(last.sent.length, 5)
  assert.equal(events, ['open'])
})

test('what is sent while the server closes waits for the next connection', () => {
  const world = makeWorld()
  world.last.open()
  world.last.readyState = 2
  world.client.send('later')
  assert.equal(world.last.sent, [])
  world.last.lose(1001, '', true)
  world.clock.advance(1000)
  world.last.open()
  assert.equal(world.last.sent, ['later'])
})

test('an outbox that is full throws and keeps what it has', async () => {
  const { client, last } = makeWorld({ maxOutboxBytes: 4 })
  client.send('é')
  client.send('aa')
  const error = await thrownBy(() => client.send('b'))
  assert.instance(error, OutboxFullError)
  assert.equal([error.name, error.code], ['OutboxFullError', 'ERR_WS_OUTBOX_FULL'])
  assert.match(error.message, /^2 messages of 4 bytes wait .*; allowed: 1000 messages, 4 bytes/)
  client.send('')
  last.open()
  client.send('b')
  assert.equal(last.sent, ['é', 'aa', '', 'b'])
})

test('an outbox counts messages too', async () => {
  const { client } = makeWorld({ maxOutboxCount: 2 })
  client.send('')
  client.send('')
  assert.instance(await thrownBy(() => client.send('')), OutboxFullError)
})

test('a closed client discards what is sent', () => {
  const { client, last } = makeWorld()
  last.open()
  last.lose(1000, '', true)
  client.send('void')
  assert.equal([client.bufferedAmount, last.sent], [0, []])
})

test('after thirty seconds of silence it sends ping, and a pong that the application does not see is life', () => {
  const { last, clock, events, sockets } = makeWorld()
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

test('any message counts as life', () => {
  const { last, clock, events } = makeWorld()
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

test('after thirty-five seconds of silence it connects anew and hears nothing more of the old connection', () => {
  const { sockets, last, clock, events, client } = makeWorld()
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

test('it sends no ping behind what is still on its way', () => {
  const { last, clock, events } = makeWorld()
  last.open()
  last.bufferedAmount = 1
  clock.advance(30_000)
  assert.equal(last.sent, [])
  clock.advance(5000)
  assert.is(events[1], 'reconnecting:1:1000:1006')
})

test('a page that was asleep asks once more before it gives up', () => {
  const { last, clock, events } = makeWorld()
  last.open()
  clock.sleep(60_000)
  clock.advance(0)
  assert.equal(last.sent, ['ping'])
  clock.advance(4999)
  assert.equal(events, ['open'])
})

test('without a heartbeat silence is no loss, and pong is a message', () => {
  const { last, clock, events } = makeWorld({ heartbeatInterval: 0 })
  last.open()
  last.receive('pong')
  clock.advance(3_600_000)
  assert.equal([last.sent, events, clock.timerCount], [[], ['open', 'message:pong'], 0])
})

test('a heartbeat that leaves no time for an answer is refused', async () => {
  const error = await thrownBy(() => makeWorld({ heartbeatInterval: 35_000 }))
  assert.instance(error, RangeError)
  assert.match(error.message, /option heartbeatTimeout is 35000; allowed: more than 35000/)
})

test('online connects at once', () => {
  const { last, sockets, network, clock } = makeWorld({ random: () => 1 })
  last.lose()
  network.dispatchEvent(new Event('online'))
  assert.is(sockets.length, 2)
  network.dispatchEvent(new Event('online'))
  clock.advance(5000)
  assert.is(sockets.length, 2)
})

test('offline loses the connection, so that what is sent waits in the outbox', () => {
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

test('online with an open connection asks whether it lives', () => {
  const { last, network, clock, events } = makeWorld()
  last.open()
  network.dispatchEvent(new Event('online'))
  assert.equal(last.sent, ['ping'])
  clock.advance(5000)
  assert.is(events[1], 'reconnecting:1:1000:1006')
})

test('a closed client listens to the network no more', () => {
  const { last, sockets, network } = makeWorld()
  last.open()
  last.lose(1000, '', true)
  network.dispatchEvent(new Event('online'))
  network.dispatchEvent(new Event('offline'))
  assert.is(sockets.length, 1)
})

test('each new connection asks for what came after the last id it received', () => {
  const world = makeWorld({ url: 'ws://host/room?name=a', lastId: readEnvelopeId })
  world.last.open()
  world.last.receive('{"id":"7","data":1}')
  world.last.receive('no id')
  world.last.lose()
  world.clock.advance(1000)
  assert.is(world.last.url, 'ws://host/room?name=a&last=7')
  world.last.open()
  world.last.receive('{"id":"8 & 9","data":2}')
  world.last.lose()
  world.clock.advance(2000)
  assert.is(world.last.url, 'ws://host/room?name=a&last=8+%26+9')
  assert.is(world.client.url, 'ws://host/room?name=a')
})

test('the application says how to resume', () => {
  const world = makeWorld({
    lastId: (data) => String(data).length.toString(),
    resumeUrl: (url, id) => `${url}/from/${id}`,
  })
  world.last.open()
  world.last.receive('four')
  world.last.lose()
  world.clock.advance(1000)
  assert.is(world.last.url, 'ws://host/path/from/4')
})

test('an address to resume at that cannot be made is the end', () => {
  const world = makeWorld({
    lastId: () => '1',
    resumeUrl() {
      throw new Error('no address')
    },
  })
  let reason = ''
  world.client.onclose = (event) => {
    reason = event.reason
  }
  world.last.open()
  world.last.receive('a')
  world.last.lose()
  world.clock.advance(1000)
  assert.equal(world.events.slice(3), ['error', 'close:1006'])
  assert.is(reason, 'Error: no address')
})

test('the id of an envelope is read, and nothing else is taken for one', () => {
  assert.is(readEnvelopeId('{"id":"a","data":{"id":"b"}}'), 'a')
  for (const data of ['', 'text', '{', '{}', '{"id":1}', '[{"id":"a"}]', '"id"', new Uint8Array(2), null]) {
    assert.is(readEnvelopeId(data), undefined, String(data))
  }
})

test('a signal closes it with 1000 when it is aborted, and is let go when it is closed', async () => {
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

test('a signal that is aborted already leaves nothing to connect', async () => {
  const { client, sockets, events } = makeWorld({ signal: AbortSignal.abort() })
  await microtasks()
  assert.equal([client.readyState, sockets.length, events], [client.CLOSED, 0, ['close:1006']])
})

test('an option that is undefined has its default', () => {
  const { last, events } = makeWorld({ minDelay: undefined, shouldReconnect: undefined })
  last.lose()
  assert.equal(events, ['reconnecting:1:1000:1006'])
})

test('the built module imports nothing and stays under 4 KB when it is minified and compressed', () => {
  const source = readFileSync(new URL('../../dist/client/browser.js', import.meta.url), 'utf8')
  const { code } = transformSync(source, { format: 'esm', minify: true, target: 'es2022' })
  assert.not.match(code, /\bimport\b|\brequire\b|\bprocess\b|node:/)
  const size = gzipSync(code, { level: 9 }).length
  assert.ok(size < 4000, `${size} bytes`)
})
