import { readFileSync } from 'node:fs'
import vm from 'node:vm'
import { transformSync } from 'esbuild'
import type * as client from '../../../src/client/browser.ts'
import { FakeClock, FakeSocket } from '../../support/fake-browser.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('browser client: React Native')

const built = readFileSync(new URL('../../../dist/client/browser.js', import.meta.url), 'utf8')
const { code } = transformSync(built, { format: 'cjs' })

/** A URL that can be read, but not changed. */
class ReadableUrl {
  readonly href: string

  constructor(url: string, base?: string) {
    this.href = new URL(url, base).href
  }
}

/** Loads the module without EventTarget, Event, MessageEvent, DOMException and Blob. */
function load(globals: Record<string, unknown> = {}) {
  const sockets: FakeSocket[] = []
  const clock = new FakeClock()
  class WebSocket extends FakeSocket {
    constructor(url: string, protocols: string | string[]) {
      super(url, protocols)
      sockets.push(this)
    }
  }
  const module = { exports: {} as typeof client }
  const context = {
    module,
    exports: module.exports,
    WebSocket,
    URL: ReadableUrl,
    setTimeout: (callback: () => void, delay: number) => clock.setTimeout(callback, delay),
    clearTimeout: (id: number) => clock.clearTimeout(id),
    performance: { now: () => clock.time },
    queueMicrotask,
    ...globals,
  }
  vm.runInNewContext(code, context)
  return { ...module.exports, sockets, clock }
}

test('connects, sends, receives, reconnects and closes without EventTarget, Event and Blob', () => {
  const { ReconnectingWebSocket, readEnvelopeId, sockets, clock } = load()
  const socket = new ReconnectingWebSocket('https://host/room?last=1&name=a', { lastId: readEnvelopeId })
  const seen: unknown[] = []
  socket.onopen = ({ type }) => seen.push(type)
  socket.onmessage = ({ data }) => seen.push(data)
  socket.addEventListener('reconnecting', ({ code, attempt }) => seen.push([code, attempt]))
  socket.onclose = ({ code }) => seen.push(code)
  socket.send(new Uint8Array([1, 2, 3]))
  socket.send('é€😀')
  assert.is(socket.bufferedAmount, 3 + 2 + 3 + 4)
  sockets[0].open()
  assert.equal([[...(sockets[0].sent[0] as Uint8Array)], sockets[0].sent[1]], [[1, 2, 3], 'é€😀'])
  sockets[0].receive('{"id":"2 3"}')
  sockets[0].lose()
  clock.advance(2000)
  assert.is(sockets[1].url, 'wss://host/room?name=a&last=2+3')
  sockets[1].open()
  sockets[1].lose(1000, '', true)
  assert.equal(seen, ['open', '{"id":"2 3"}', [1006, 1], 'open', 1000])
})

test('refuses a close code with an error of the name that a DOMException has', async () => {
  const { ReconnectingWebSocket } = load()
  const error = await thrownBy(() => new ReconnectingWebSocket('ws://host').close(1001))
  assert.is(error.name, 'InvalidAccessError')
})

test('uses the polyfill of an app that has EventTarget and Event, with or without MessageEvent', () => {
  for (const globals of [
    { EventTarget, Event },
    { EventTarget, Event, MessageEvent },
  ]) {
    const { ReconnectingWebSocket, sockets } = load(globals)
    const socket = new ReconnectingWebSocket('ws://host')
    assert.instance(socket, EventTarget)
    let received: MessageEvent | undefined
    socket.onmessage = (event) => {
      received = event
    }
    sockets[0].open()
    sockets[0].receive('hi')
    assert.instance(received, globals.MessageEvent ?? Event)
    assert.is(received?.data, 'hi')
  }
})

test('its own event target removes listeners, calls a listener with the option once only once, and continues after one that throws', async () => {
  const { ReconnectingWebSocket, sockets, clock } = load()
  const socket = new ReconnectingWebSocket('ws://host')
  const abort = new AbortController()
  const seen: string[] = []
  const removed = (): void => void seen.push('removed')
  const twice = (): void => void seen.push('added twice')
  socket.addEventListener('open', () => {
    throw new Error('of a listener')
  })
  socket.addEventListener('open', removed)
  socket.removeEventListener('open', removed)
  socket.removeEventListener('open', null)
  socket.addEventListener('open', null)
  socket.addEventListener('open', twice)
  socket.addEventListener('open', twice)
  socket.addEventListener('open', () => seen.push('once'), { once: true })
  socket.addEventListener('open', () => seen.push('aborted'), { signal: abort.signal })
  socket.addEventListener('open', () => seen.push('never'), { signal: AbortSignal.abort() })
  sockets[0].open()
  assert.equal(seen, ['added twice', 'once', 'aborted'])
  assert.match((await thrownBy(() => clock.advance(0))).message, /of a listener/)
  abort.abort()
  socket.reconnect()
  sockets[1].open()
  assert.equal(seen, ['added twice', 'once', 'aborted', 'added twice'])
})
