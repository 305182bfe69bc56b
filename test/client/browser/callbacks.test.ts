import type { ClientOptions } from '../../../src/client/browser.ts'
import { type FakeWorld, makeWorld } from '../../support/fake-browser.ts'
import { assert, suite, type TestContext, thrownBy } from '../../support/unit.ts'

/* What the functions of the application may return: a value, a promise, or something else; they may also fail. */

const test = suite('browser client: callbacks of the application')

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const failure = new Error('no answer')

/** The results of a callback: the expected value, as a promise, as an object with `then`, and errors. */
function resultsOf<T>(value: T): Record<string, () => unknown> {
  return {
    value: () => value,
    promise: () => Promise.resolve(value),
    // biome-ignore lint/suspicious/noThenProperty: a promise of another library
    thenable: () => ({ then: (resolve: (value: T) => void) => resolve(value) }),
    throws: () => {
      throw failure
    },
    rejects: () => Promise.reject(failure),
    nothing: () => undefined,
    object: () => ({}),
    promiseOfNothing: () => Promise.resolve(),
  }
}

/** Loses a connection that has received a message, and waits until the client has reconnected or ended. */
async function loseOnce(options: object): Promise<FakeWorld & { reason: string }> {
  const world = makeWorld(options as ClientOptions)
  await settled()
  let reason = ''
  world.client.addEventListener('close', (event) => {
    reason = event.reason
  })
  world.client.addEventListener('reconnecting', (event) => {
    reason = event.reason
  })
  world.last.open()
  world.last.receive('a message')
  world.last.lose()
  await settled()
  world.clock.advance(1000)
  await settled()
  return Object.assign(world, { reason })
}

/** Collects the errors that listeners throw, which Node would otherwise treat as uncaught. */
function collectUncaught(t: TestContext): unknown[] {
  const errors: unknown[] = []
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => errors.push(error))
  t.after(() => {
    process.removeAllListeners('uncaughtException')
    for (const listener of others) process.on('uncaughtException', listener)
  })
  return errors
}

test('the decision of shouldReconnect may be a promise, and an error is final', async () => {
  const lost = ['open', 'message:a message']
  const again = [...lost, 'reconnecting:1:1000:1006']
  const ended = [...lost, 'error', 'close:1006']
  const expected: Record<string, [string[], string]> = {
    value: [again, ''],
    promise: [again, ''],
    thenable: [again, ''],
    object: [again, ''],
    throws: [ended, 'Error: no answer'],
    rejects: [ended, 'Error: no answer'],
    nothing: [ended, ''],
    promiseOfNothing: [ended, ''],
  }
  for (const [kind, shouldReconnect] of Object.entries(resultsOf(true))) {
    const { events, reason, sockets, client, clock } = await loseOnce({ shouldReconnect })
    assert.equal([events, reason], expected[kind], kind)
    const isOver = expected[kind][0] === ended
    assert.equal([sockets.length, client.readyState === client.CLOSED], isOver ? [1, true] : [2, false], kind)
    if (isOver) assert.is(clock.timerCount, 0, kind)
  }
  for (const shouldReconnect of [() => false, async () => false]) {
    assert.equal((await loseOnce({ shouldReconnect })).events, ended)
  }
})

test('nothing is tried while shouldReconnect decides, and a decision that comes too late has no effect', async () => {
  for (const action of ['online', 'close', 'reconnect', 'close and reconnect', 'abort'] as const) {
    let decide = (_isWanted: boolean): void => {}
    const abort = new AbortController()
    const world = makeWorld({
      signal: abort.signal,
      shouldReconnect: () =>
        new Promise((resolve) => {
          decide = resolve
        }),
    })
    const { client, clock, sockets, network, events } = world
    world.last.open()
    world.last.lose()
    client.send('queued')
    clock.advance(60_000)
    assert.equal([client.readyState, sockets.length, events], [client.CONNECTING, 1, ['open']], action)
    if (action === 'online') network.dispatchEvent(new Event('online'))
    if (action === 'abort') abort.abort()
    if (action.includes('close')) client.close()
    if (action.includes('reconnect')) client.reconnect()
    const before = decide
    if (action.includes('reconnect')) {
      assert.is(sockets.length, 2, action)
      world.last.lose()
    }
    before(action !== 'reconnect')
    await settled()
    clock.advance(60_000)
    const expected = {
      online: [client.CONNECTING, 2, ['open', 'reconnecting:1:1000:1006']],
      close: [client.CLOSED, 1, ['open', 'close:1006']],
      abort: [client.CLOSED, 1, ['open', 'close:1006']],
      reconnect: [client.CONNECTING, 2, ['open']],
      'close and reconnect': [client.CONNECTING, 2, ['open']],
    }[action]
    assert.equal([client.readyState, sockets.length, events], expected, action)
    client.close()
  }
})

test('shouldReconnect may close or reconnect the client itself', async () => {
  for (const action of ['close', 'reconnect'] as const) {
    const world: FakeWorld = makeWorld({
      shouldReconnect: () => {
        if (world.sockets.length === 1) world.client[action]()
        return true
      },
    })
    world.last.lose()
    await settled()
    world.clock.advance(2000)
    const { client, events } = world
    const expected = action === 'close' ? [client.CLOSED, 1, ['close:1006']] : [client.CONNECTING, 2]
    assert.equal([client.readyState, world.sockets.length, events].slice(0, expected.length), expected, action)
  }
})

test('resumeUrl may return a promise, and what is not a URL is never connected to', async () => {
  const expected: Record<string, string> = {
    value: 'ws://host/resumed',
    promise: 'ws://host/resumed',
    thenable: 'ws://host/resumed',
    throws: 'Error: no answer',
    rejects: 'Error: no answer',
    nothing: 'TypeError: option url is undefined; allowed: a string, a URL',
    promiseOfNothing: 'TypeError: option url is undefined; allowed: a string, a URL',
    object: 'TypeError: option url is an object (Object); allowed: a string, a URL',
  }
  for (const url of ['ws://host/', () => 'ws://host/']) {
    for (const [kind, resumeUrl] of Object.entries(resultsOf('ws://host/resumed'))) {
      const { reason, sockets } = await loseOnce({ url, resumeUrl, lastId: () => '1' })
      const found = sockets.length === 2 ? sockets[1].url : reason
      assert.is(found, expected[kind], `${kind}, ${typeof url}`)
    }
  }
  const { sockets } = await loseOnce({ resumeUrl: () => new URL('ws://host/resumed'), lastId: () => '1' })
  assert.is(sockets[1].url, 'ws://host/resumed')
})

test('lastId cannot be async, and its errors are reported like those of a listener', async (t) => {
  const expected: Record<string, [string, string]> = {
    value: ['ws://host/path?last=7', ''],
    promise: ['ws://host/path', 'option lastId() is an object (Promise); allowed: a string'],
    thenable: ['ws://host/path', 'option lastId() is an object (Object); allowed: a string'],
    object: ['ws://host/path', 'option lastId() is an object (Object); allowed: a string'],
    promiseOfNothing: ['ws://host/path', 'option lastId() is an object (Promise); allowed: a string'],
    throws: ['ws://host/path', 'no answer'],
    nothing: ['ws://host/path', ''],
  }
  const errors = collectUncaught(t)
  for (const [kind, [url, message]] of Object.entries(expected)) {
    const { events, last } = await loseOnce({ lastId: resultsOf('7')[kind] })
    assert.equal(events, ['open', 'message:a message', 'reconnecting:1:1000:1006'], kind)
    assert.is(last.url, url, kind)
    assert.equal(
      errors.splice(0).map((error) => (error as Error).message),
      message === '' ? [] : [message],
      kind,
    )
  }
})

test('a message in whose listener the client reconnects is not requested again', async () => {
  const world = makeWorld({ lastId: (data) => String(data) })
  world.client.onmessage = () => world.client.reconnect()
  world.last.open()
  world.last.receive('7')
  assert.is(world.last.url, 'ws://host/path?last=7')
})

test('the parts of an environment are checked', async () => {
  const parts: Record<string, unknown[]> = {
    WebSocket: [null, 5, 'WebSocket', {}],
    network: [null, 5, {}, () => {}],
    setTimeout: [null, 5, {}],
    clearTimeout: [null, 5, {}],
    now: [null, 5, new Date()],
    random: [null, 0.5],
  }
  const { ReconnectingWebSocket } = await import('../../../src/client/browser.ts')
  class SilentWebSocket extends EventTarget {
    close(): void {}
  }
  const construct = (environment: object): void =>
    new ReconnectingWebSocket('ws://host/', { environment: environment as never }).close()
  for (const [name, wrong] of Object.entries(parts)) {
    for (const value of wrong) {
      const error = await thrownBy(() => construct({ WebSocket: SilentWebSocket, [name]: value }))
      assert.match(error.message, new RegExp(`^option environment\\.${name} is .*; allowed: an? `))
    }
    construct({ WebSocket: SilentWebSocket, ...(name === 'WebSocket' ? {} : { [name]: undefined }) })
  }
  const error = await thrownBy(() => construct({ WebSocket: SilentWebSocket, clock: {} }))
  assert.match(error.message, /^option environment\.clock is unknown; allowed: WebSocket, network/)
})
