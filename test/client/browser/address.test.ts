import { makeWorld } from '../../support/fake-browser.ts'
import { assert, suite, type TestContext, thrownBy } from '../../support/unit.ts'

const test = suite('browser client: the URL')

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Gives this process the globals of a page. */
function setGlobals(t: TestContext, globals: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(globals)) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name)
    Object.defineProperty(globalThis, name, { value, configurable: true })
    t.after(() => {
      if (before === undefined) delete (globalThis as Record<string, unknown>)[name]
      else Object.defineProperty(globalThis, name, before)
    })
  }
}

test('an http URL becomes a ws URL, its fragment is dropped, and an invalid one throws at once', async () => {
  assert.is(makeWorld({ url: 'https://host/a?b#c' }).client.url, 'wss://host/a?b')
  assert.is(makeWorld({ url: 'http://host' }).client.url, 'ws://host/')
  assert.is(makeWorld({ url: new URL('http://host/d') }).client.url, 'ws://host/d')
  assert.instance(await thrownBy(() => makeWorld({ url: '/relative' })), TypeError)
})

test('a relative URL is resolved against the base of the document, elsewhere against the location', (t) => {
  setGlobals(t, { location: { href: 'https://host/worker/main.js' } })
  assert.is(makeWorld({ url: 'chat' }).last.url, 'wss://host/worker/chat')
  setGlobals(t, { document: { baseURI: 'http://other/base/' } })
  assert.is(makeWorld({ url: 'chat' }).last.url, 'ws://other/base/chat')
})

test('a function is asked for the URL before each attempt, and may take its time', async () => {
  let count = 0
  const world = makeWorld({ url: async () => `https://host/?token=${++count}` })
  assert.equal([world.client.url, world.client.bufferedAmount, world.sockets.length], ['', 0, 0])
  world.client.send('early')
  await settled()
  assert.equal([world.client.url, world.last.url], ['wss://host/?token=1', 'wss://host/?token=1'])
  world.last.open()
  world.last.lose()
  world.clock.advance(1000)
  await settled()
  assert.is(world.last.url, 'wss://host/?token=2')
  assert.equal([world.sockets.length, world.sockets[0].sent], [2, ['early']])
})

test('a function that throws, rejects or returns an invalid URL is a failed attempt', async () => {
  const sources = [
    () => {
      throw new Error('no token')
    },
    () => Promise.reject(new Error('no token')),
    () => 'not a URL',
    () => undefined as never,
    () => null as never,
    () => 5 as never,
    async () => ({}) as never,
  ]
  for (const url of sources) {
    const { client, clock, events } = makeWorld({ url })
    await settled()
    assert.equal(events, ['reconnecting:1:1000:1006'])
    clock.advance(1000)
    await settled()
    assert.is(events[1], 'reconnecting:2:1000:1006')
    client.close()
  }
})

test('a function that does not return in time is a failed attempt, and its late URL is not used', async () => {
  let answer = (_url: string): void => {}
  const { clock, events, sockets } = makeWorld({
    url: () =>
      new Promise<string>((resolve) => {
        answer = resolve
      }),
  })
  clock.advance(10_000)
  assert.equal(events, ['reconnecting:1:1000:1006'])
  answer('ws://host')
  await settled()
  assert.is(sockets.length, 0)
})

test('closed while a function is asked, it ends without an attempt', async () => {
  const { client, clock, events, sockets } = makeWorld({ url: () => new Promise<string>(() => {}) })
  client.close()
  assert.is(client.readyState, client.CLOSING)
  await settled()
  assert.equal([client.readyState, sockets.length, events], [client.CLOSED, 0, ['close:1006']])
  assert.is(clock.timerCount, 0)
})
