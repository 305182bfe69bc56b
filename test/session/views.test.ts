import { createServer as createHttpServer } from 'node:http'
import type { ViewRequest, WebSocketRequest } from '../../src/session/view-request.ts'
import { accept_websocket, isWebSocketView, require_websocket, type View } from '../../src/session/views.ts'
import type { WebSocket } from '../../src/session/websocket.ts'
import { serve } from '../support/session-server.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { fetchPlain, hostOf, openWs } from '../support/ws-client.ts'

const test = suite('views')

test('distinguishes WebSocket from plain HTTP, with the session or null', async (t) => {
  const view = accept_websocket((request) => {
    if (!request.is_websocket()) return `plain, session ${request.websocket}`
    request.websocket.send('session')
  })
  const { ws, http } = await serve(t, { urls: { '/': view } })
  assert.is((await fetchPlain(`${http}/`)).body, 'plain, session null')
  const client = await openWs(`${ws}/`)
  assert.is(await client.next(), 'session')
})

test('answers 400 to plain HTTP of a view that requires WebSocket, and does not run it', async (t) => {
  let runs = 0
  const view = require_websocket(() => {
    runs += 1
  })
  const { ws, http } = await serve(t, { urls: { '/': view } })
  const answer = await fetchPlain(`${http}/`)
  assert.is(answer.status, 400)
  assert.is(answer.body, 'this path accepts only WebSocket requests\n')
  assert.is(runs, 0)
  await (await openWs(`${ws}/`)).closed
  assert.is(runs, 1)
})

test('explains a handshake whose Upgrade was dropped by a proxy, with and without a view', async (t) => {
  const headers = { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13' }
  const { http } = await serve(t, { urls: { '/': require_websocket(() => {}) } })
  const without = await serve(t, {})
  for (const [url, status] of [
    [http, 400],
    [without.http, 426],
  ] as const) {
    const answer = await fetchPlain(`${url}/`, { headers })
    assert.is(answer.status, status)
    assert.match(answer.body, 'found Sec-WebSocket-Key, but no Upgrade: websocket over HTTP/1.1 (this is HTTP/1.1)')
    assert.match(answer.body, 'the proxy must forward Upgrade and Connection')
    assert.not.match((await fetchPlain(`${url}/`)).body, 'proxy')
  }
})

test('closes with 1000 when the view returns, before or after an await', async (t) => {
  const urls = {
    '/now': accept_websocket(() => {}),
    '/later': accept_websocket((request) => request.websocket?.wait()),
  }
  const { ws } = await serve(t, { urls })
  assert.is(await (await openWs(`${ws}/now`)).closed, '1000')
  const client = await openWs(`${ws}/later`)
  client.send('go')
  assert.is(await client.closed, '1000')
})

test('closes with 1011 and calls onError when the view throws, and the process continues', async (t) => {
  const now = new Error('at once')
  const later = new Error('later')
  const { ws, errors } = await serve(t, {
    urls: {
      '/now': accept_websocket(() => {
        throw now
      }),
      '/later': accept_websocket(async (request) => {
        await request.websocket?.wait()
        throw later
      }),
    },
  })
  assert.is(await (await openWs(`${ws}/now`)).closed, '1011')
  const client = await openWs(`${ws}/later`)
  client.send('go')
  assert.is(await client.closed, '1011')
  assert.equal(errors, [now, later])
  assert.is(await (await openWs(`${ws}/now`)).closed, '1011')
})

test('continues when onError throws as well', async (t) => {
  const printed: unknown[] = []
  const { error: print } = console
  console.error = (...args) => printed.push(...args)
  t.after(() => {
    console.error = print
  })
  const view = accept_websocket(() => {
    throw new Error('in the view')
  })
  const failure = new Error('in onError')
  const onError = () => {
    throw failure
  }
  const { ws } = await serve(t, { urls: { '/': view }, onError })
  assert.is(await (await openWs(`${ws}/`)).closed, '1011')
  assert.equal(printed, [failure])
})

test('keeps the close that the view made itself', async (t) => {
  const view = accept_websocket(async (request) => {
    request.websocket?.close(4001, 'enough')
    throw new Error('after it')
  })
  const { ws, errors } = await serve(t, { urls: { '/': view } })
  assert.is(await (await openWs(`${ws}/`)).closed, '4001 enough')
  assert.is(errors.length, 1)
})

test('delivers what was sent before the view first reads', async (t) => {
  let ready = () => {}
  const view = require_websocket(async ({ websocket }) => {
    await new Promise<void>((resolve) => {
      ready = resolve
    })
    for await (const message of websocket) websocket.send(message)
  })
  const { ws } = await serve(t, { urls: { '/': view } })
  const client = await openWs(`${ws}/`)
  for (const message of ['a', 'b', 'c']) client.send(message)
  client.socket.ping()
  await new Promise((resolve) => client.socket.once('pong', resolve))
  ready()
  assert.equal([await client.next(), await client.next(), await client.next()], ['a', 'b', 'c'])
})

test('loses nothing when a small queue pauses and resumes the socket a thousand times', async (t) => {
  const view = require_websocket(
    async ({ websocket }) => {
      for await (const message of websocket) {
        if (Number(message) % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
        websocket.send(message)
      }
    },
    { queueHighCount: 3, queueLowCount: 1 },
  )
  const { ws } = await serve(t, { urls: { '/': view } })
  const client = await openWs(`${ws}/`)
  for (let i = 0; i < 5000; i++) client.send(String(i))
  for (let i = 0; i < 5000; i++) assert.is(await client.next(), String(i))
})

test('continues to send to a slow reader when it reads again, with a mark below the stream’s own', async (t) => {
  let stop = () => {}
  const isFull = new Promise<void>((resolve) => {
    stop = resolve
  })
  const view = require_websocket(async ({ websocket }) => {
    for (let i = 0; i < 20_000; i++) {
      const sent = websocket.send('x'.repeat(1000))
      await new Promise((resolve) => setImmediate(resolve))
      if (websocket.connection.bufferedAmount > 1) stop()
      await sent
    }
  })
  const { ws } = await serve(t, { urls: { '/': view }, highWaterMark: 1 })
  const client = await openWs(`${ws}/`)
  client.socket.pause()
  await isFull
  client.socket.resume()
  assert.is(await client.closed, '1000')
})

test('closes at once although its queue is full and unread', async (t) => {
  let session: WebSocket | undefined
  let finish = () => {}
  const view = require_websocket(
    ({ websocket }) => {
      session = websocket
      return new Promise<void>((resolve) => {
        finish = resolve
      })
    },
    { queueHighCount: 2 },
  )
  const { ws } = await serve(t, { urls: { '/': view } })
  const client = await openWs(`${ws}/`)
  const filler = Buffer.alloc(100_000)
  for (let i = 0; i < 50; i++) client.send(filler)
  while (session?.count_messages() !== 2) await new Promise((resolve) => setImmediate(resolve))
  const info = await session.close(4000)
  assert.equal([info.wasClean, info.initiator], [true, 'local'])
  assert.is(await client.closed, '4000')
  assert.is(session.count_messages(), 2)
  finish()
})

test('runs a decorated view inside a decorated view over the one session', async (t) => {
  const inner = accept_websocket(async (request) => {
    request.websocket?.send('inner')
  })
  const outer = accept_websocket(async (request, response) => {
    await inner(request, response)
    request.websocket?.send('outer')
  })
  const { ws } = await serve(t, { urls: { '/': outer } })
  const client = await openWs(`${ws}/`)
  assert.equal([await client.next(), await client.next(), await client.closed], ['inner', 'outer', '1000'])
})

class Site {
  readonly name = 'site'

  @accept_websocket
  echo(request: ViewRequest): string | undefined {
    if (!request.is_websocket()) return this.name
    request.websocket.send(this.name)
    return undefined
  }

  @require_websocket({ subprotocols: ['chat'] })
  async chat({ websocket }: WebSocketRequest): Promise<void> {
    await websocket.send(`${this.name} ${websocket.subprotocol}`)
  }

  @accept_websocket
  #hidden(): string {
    return `hidden ${this.name}`
  }

  get hidden(): View {
    return (...args) => this.#hidden.call(this, ...(args as unknown as []))
  }
}

class Branch extends Site {
  override echo(): string {
    return 'branch'
  }
}

test('decorates methods of a class, with and without options, bound to their instance', async (t) => {
  const site = new Site()
  const { ws, http } = await serve(t, { urls: { '/echo': site.echo, '/chat': site.chat, '/hidden': site.hidden } })
  assert.is((await fetchPlain(`${http}/echo`)).body, 'site')
  assert.is((await fetchPlain(`${http}/hidden`)).body, 'hidden site')
  assert.is(await (await openWs(`${ws}/echo`)).next(), 'site')
  assert.is(await (await openWs(`${ws}/chat`, ['chat'])).next(), 'site chat')
  assert.is((await fetchPlain(`${http}/chat`)).status, 400)
  assert.is(isWebSocketView(site.echo), true)
})

test('does not bind a method that overrides a decorated one', () => {
  const branch = new Branch()
  assert.is(branch.echo(), 'branch')
  assert.is(isWebSocketView(branch.echo), false)
  assert.is(isWebSocketView(branch.chat), true)
})

test('explains a call as a legacy decorator', async () => {
  const prototype = { room() {} }
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'room')
  // biome-ignore lint/suspicious/noExplicitAny: legacy calls have no type
  const [plain, factory]: any[] = [accept_websocket, require_websocket]
  for (const name of ['room', Symbol('room')]) {
    for (const call of [() => plain(prototype, name, descriptor), () => factory({})(prototype, name, descriptor)]) {
      const error = await thrownBy(call)
      assert.instance(error, TypeError)
      assert.match(error.message, 'legacy decorators are not supported; allowed: a standard decorator')
      assert.match(error.message, 'experimentalDecorators')
    }
  }
})

test('refuses to decorate a value that is not a view', async () => {
  const wrong: (() => unknown)[] = [
    () => accept_websocket('view' as never),
    () => accept_websocket(null as never),
    () => accept_websocket((() => {}) as never, { kind: 'getter', addInitializer() {} } as never),
  ]
  for (const decorate of wrong) assert.instance(await thrownBy(decorate), TypeError)
  for (const options of [{ queueHighCount: 0 }, { maxMessageSize: -1 }]) {
    assert.instance(await thrownBy(() => accept_websocket(() => {}, options)), RangeError)
  }
})

test('serves as the handler of a plain HTTP server, where every request is plain', async (t) => {
  const server = createHttpServer(accept_websocket((request) => `${request.is_websocket()} ${request.query.get('a')}`))
  t.after(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  assert.is((await fetchPlain(`http://${hostOf(server.address())}/?a=1`)).body, 'false 1')
})
