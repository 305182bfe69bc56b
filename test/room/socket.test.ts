import { WebSocket as WsSocket } from 'ws'
import { ReconnectingWebSocket, readEnvelopeId } from '../../src/client/browser.ts'
import { Rooms, require_websocket } from '../../src/index.ts'
import { serve } from '../support/session-server.ts'
import { until } from '../support/tick.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { openWs } from '../support/ws-client.ts'

const test = suite('rooms on real sockets')

/** Serves one room whose members are sent `joined`. */
async function serveRoom(t: TestContext, options: ConstructorParameters<typeof Rooms>[0] = {}, deflate = false) {
  const rooms = new Rooms(options)
  const room = rooms.room('lobby')
  const view = require_websocket(async (request) => {
    await room.join(request.websocket, { last: request.query.get('last') })
    await request.websocket.send('joined')
    for await (const message of request.websocket) room.broadcast(message, { except: request.websocket })
  })
  const { ws, server } = await serve(t, { urls: { '/': view }, deflate })
  const open = async (query = '', perMessageDeflate = false) => {
    const client = await openWs(`${ws}/${query}`, [], { perMessageDeflate })
    t.after(() => client.socket.terminate())
    return client
  }
  return { rooms, room, server, open }
}

test('with permessage-deflate a message is compressed for members that negotiated it, unless it must not be', async (t) => {
  const { room, open } = await serveRoom(t, {}, true)
  const [plain, deflated] = [await open(), await open('', true)]
  for (const client of [plain, deflated]) assert.is(await client.next(), 'joined')
  const texts = Array.from({ length: 8 }, (_, i) => `${i} ${'all work and no play '.repeat(200)}`)
  for (const text of texts) room.broadcast(text)
  for (const client of [plain, deflated]) {
    for (const text of texts) assert.is(await client.next(), text)
  }
  const bytesOf = ({ socket }: typeof plain): number =>
    (socket as unknown as { _socket: { bytesRead: number } })._socket.bytesRead
  assert.ok(bytesOf(plain) > 30_000 && bytesOf(deflated) < 3_000, `${bytesOf(plain)} ${bytesOf(deflated)}`)
  const before = bytesOf(deflated)
  room.broadcast(texts[0], { compress: false })
  for (const client of [plain, deflated]) assert.is(await client.next(), texts[0])
  assert.ok(bytesOf(deflated) - before > texts[0].length)
})

test('a member that stops reading delays no other member, and gets all messages when it reads again', async (t) => {
  const { rooms, room, open } = await serveRoom(t, { slowBytes: 256 * 1024 })
  const [quick, slow] = [await open(), await open()]
  for (const client of [quick, slow]) assert.is(await client.next(), 'joined')
  slow.socket.pause()
  const bulk = 'x'.repeat(64 * 1024)
  // Enough to also fill the system's buffers of both sides.
  const count = 200
  for (let i = 0; i < count; i++) {
    assert.is(room.broadcast(`${i} ${bulk}`), 2)
    assert.is(Number.parseInt(String(await quick.next()), 10), i)
  }
  const { backlogBytes } = rooms.stats()
  assert.ok(backlogBytes > 0 && backlogBytes <= 16 * 1024 * 1024, String(backlogBytes))
  slow.socket.resume()
  for (let i = 0; i < count; i++) assert.is(Number.parseInt(String(await slow.next()), 10), i)
  assert.is(rooms.stats().droppedMessages, 0)
})

test('what was broadcast in the tick of a shutdown arrives before the Close', async (t) => {
  const { room, server, open } = await serveRoom(t)
  const client = await open()
  assert.is(await client.next(), 'joined')
  room.broadcast('we close')
  void server.shutdown()
  assert.equal([await client.next(), await client.next()], ['we close', null])
  assert.match(await client.closed, /^1001/)
})

test('direct messages, broadcasts and the Close of one tick arrive in order', async (t) => {
  const rooms = new Rooms()
  const room = rooms.room('lobby')
  const view = require_websocket(async ({ websocket }) => {
    await room.join(websocket)
    room.broadcast('one')
    void websocket.send('two')
    room.broadcast('three')
  })
  const { ws } = await serve(t, { urls: { '/': view } })
  const client = await openWs(ws)
  const messages = [await client.next(), await client.next(), await client.next(), await client.next()]
  assert.equal(messages, ['one', 'two', 'three', null])
  assert.is(rooms.stats().rooms, 0)
})

test('a client that reconnects with its last id gets the messages it missed', async (t) => {
  const { room, open } = await serveRoom(t, { history: { size: 10, ttl: 60_000 } })
  const first = await open()
  assert.is(JSON.parse(String(await first.next())).joined, true)
  assert.is(await first.next(), 'joined')
  room.broadcast('one')
  const { id } = JSON.parse(String(await first.next()))
  first.socket.terminate()
  await first.closed
  room.broadcast('two')
  const second = await open(`?last=${encodeURIComponent(id)}`)
  assert.is(JSON.parse(String(await second.next())).data, 'two')
  assert.is(await second.next(), 'joined')
})

test('`except` leaves out the member that sent the message', async (t) => {
  const { open } = await serveRoom(t)
  const [first, second] = [await open(), await open()]
  for (const client of [first, second]) assert.is(await client.next(), 'joined')
  first.send('hello')
  second.send('hi')
  assert.equal([await first.next(), await second.next()], ['hi', 'hello'])
})

test('a client in several rooms gets every message once, in order, over any number of reconnects', async (t) => {
  const rooms = new Rooms({ history: { size: 100, ttl: 60_000 } })
  const names = ['a', 'b', '\ud800']
  const joined: (() => void)[] = []
  const view = require_websocket(async ({ websocket, query }) => {
    for (const name of names) {
      const { isComplete } = await rooms.room(name).join(websocket, { last: query.get('last') })
      assert.is(isComplete, true)
    }
    joined.shift()?.()
    await websocket.wait()
  })
  const { ws } = await serve(t, { urls: { '/': view } })
  const sockets: WsSocket[] = []
  let frameCount = 0
  class Tapped extends WsSocket {
    constructor(url: string) {
      super(url, { perMessageDeflate: false })
      sockets.push(this)
      this.on('message', () => (frameCount += 1))
    }
  }
  const join = () => new Promise<void>((resolve) => joined.push(resolve))
  const joining = join()
  const client = new ReconnectingWebSocket(ws, {
    lastId: readEnvelopeId,
    minDelay: 1,
    maxDelay: 5,
    environment: { WebSocket: Tapped as never },
  })
  t.after(() => client.close())
  const received: string[] = []
  client.onmessage = ({ data }) => received.push(JSON.parse(String(data)).data)
  await joining
  await until(() => frameCount === names.length)
  assert.equal(received, [])
  const sent: string[] = []
  const broadcast = (round: number): void => {
    for (const [index, name] of names.entries()) {
      sent.push(`${index} ${round}`)
      rooms.room(name).broadcast(`${index} ${round}`)
    }
  }
  for (let round = 0; round < 4; round++) {
    // The first loss occurs before any message, so the id of the join must be enough.
    const again = join()
    sockets.at(-1)?.terminate()
    broadcast(round)
    await again
    await until(() => received.length === sent.length)
  }
  for (const [index] of names.entries()) {
    const ofRoom = (texts: readonly string[]): string[] => texts.filter((text) => text.startsWith(`${index} `))
    assert.equal(ofRoom(received), ofRoom(sent))
  }
})
