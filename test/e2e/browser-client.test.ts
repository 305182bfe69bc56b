import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { WebSocket as StockWebSocket } from 'ws'
import { type ClientEnvironment, type ClientOptions, ReconnectingWebSocket } from '../../src/client/browser.ts'
import { accept_websocket, type CreateServerOptions, require_websocket } from '../../src/index.ts'
import { launchChromium } from '../support/chromium.ts'
import { startCommand } from '../support/command.ts'
import { chromium, testWith } from '../support/need.ts'
import { reservePort } from '../support/reserved-port.ts'
import { serve } from '../support/session-server.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

const test = suite('browser client in the world', { timeLimit: 60_000 })
const inBrowser = testWith(test, chromium)

const MODULE = new URL('../../dist/client/browser.js', import.meta.url)

/** What the page stores for the test. */
interface PageGlobals {
  client: ReconnectingWebSocket
  events: string[]
}

/** Creates a client in the page from the built module, and records its events. */
async function startClient(page: Page, path: string, options: Omit<ClientOptions, 'environment'>): Promise<void> {
  const start = `
    import { ReconnectingWebSocket, readEnvelopeId } from '/client.js'
    const options = { ...${JSON.stringify(options)}, lastId: readEnvelopeId }
    window.events = []
    window.client = new ReconnectingWebSocket(${JSON.stringify(path)}, [], options)
    for (const type of ['open', 'reconnecting', 'error', 'close']) client.addEventListener(type, () => events.push(type))
    client.addEventListener('message', ({ data }) => events.push('message ' + data))
  `
  // The page loads them as files, because the demo site does not allow inline scripts.
  for (const [name, body] of Object.entries({ 'client.js': readFileSync(MODULE, 'utf8'), 'start.js': start })) {
    await page.route(`**/${name}`, (route) => route.fulfill({ contentType: 'text/javascript', body }))
  }
  await page.addScriptTag({ type: 'module', url: '/start.js' })
}

/** Waits until the page has recorded an event. Resolves to all events. */
async function sawEvent(page: Page, event: string): Promise<string[]> {
  await page.waitForFunction((wanted) => (globalThis as unknown as PageGlobals).events?.includes(wanted), event)
  return page.evaluate(() => (globalThis as unknown as PageGlobals).events)
}

const send = (page: Page, text: string): Promise<void> =>
  page.evaluate((text) => (globalThis as unknown as PageGlobals).client.send(text), text)

/** Serves views and an empty page, and opens the page. */
async function openPage(t: TestContext, urls: NonNullable<CreateServerOptions['urls']>) {
  const server = await serve(t, {
    heartbeat: true,
    urls: {
      '/': (_request, response) => {
        response.setHeader('Content-Type', 'text/html')
        response.end('<!doctype html><title>client</title><link rel="icon" href="data:,">')
      },
      ...urls,
    },
  })
  const browser = await launchChromium(t)
  const page = await browser.open(`${server.http}/`)
  return { server, browser, page }
}

inBrowser('a page comes back after the server was killed and started again, and sends what waited', async (t) => {
  const first = await startCommand(t, 'serve', '--port', String(await reservePort(t)))
  const browser = await launchChromium(t)
  const page = await browser.open(`${first.address}/`)
  await startClient(page, '/echo', { minDelay: 50, maxDelay: 500 })
  await sawEvent(page, 'open')
  await send(page, 'before')
  await sawEvent(page, 'message before')
  await first.stop('SIGKILL')
  await sawEvent(page, 'reconnecting')
  await send(page, 'while it was down')
  await startCommand(t, 'serve', '--port', new URL(first.address).port)
  const events = await sawEvent(page, 'message while it was down')
  assert.equal(
    events.filter((event) => event !== 'reconnecting'),
    ['open', 'message before', 'open', 'message while it was down'],
  )
})

inBrowser('a page that loses its connection again and again gets each message once, in order', async (t) => {
  const count = 40
  const { page } = await openPage(t, {
    '/room': require_websocket(async (request) => {
      const first = Number(request.query.get('last') ?? -1) + 1
      for (let id = first; id < count; id++) {
        const isSent = await request.websocket.send(JSON.stringify({ id: String(id), data: `number ${id}` }))
        if (!isSent) return
        // Loses the connection after every seventh message, once the message is on its way.
        if (id % 7 === 6) {
          await request.websocket.connection.drained()
          return request.websocket.connection.terminate()
        }
      }
      await request.websocket.send('all')
      await request.websocket.wait()
    }),
  })
  await startClient(page, '/room', { minDelay: 10, maxDelay: 50 })
  const events = await sawEvent(page, 'message all')
  const numbers = events.filter((event) => event.startsWith('message {')).map((event) => JSON.parse(event.slice(8)).id)
  assert.equal(
    numbers,
    Array.from({ length: count }, (_, id) => String(id)),
  )
  assert.is(events.filter((event) => event === 'reconnecting').length, 5)
})

inBrowser('a page whose network goes comes back with it, and neither side sees the heartbeat', async (t) => {
  const seen: unknown[] = []
  const { page, browser, server } = await openPage(t, {
    '/listen': require_websocket(async (request) => {
      for await (const message of request.websocket) seen.push(message)
    }),
  })
  await startClient(page, '/listen', { heartbeatInterval: 20, heartbeatTimeout: 10_000, minDelay: 50 })
  await sawEvent(page, 'open')
  await browser.context.setOffline(true)
  await sawEvent(page, 'reconnecting')
  await send(page, 'kept')
  await browser.context.setOffline(false)
  await page.waitForFunction(() => (globalThis as unknown as PageGlobals).client.readyState === 1)
  await page.evaluate(() => (globalThis as unknown as PageGlobals).client.close())
  const events = await sawEvent(page, 'close')
  assert.equal(
    events.filter((event) => event !== 'reconnecting'),
    ['open', 'open', 'close'],
  )
  assert.equal([seen, server.errors], [['kept'], []])
})

inBrowser('the client does not reconnect after 1000 or 1008', async (t) => {
  let visitCount = 0
  const { page } = await openPage(t, {
    '/once': accept_websocket(async (request) => {
      visitCount += 1
      await request.websocket?.close(1008, 'go away')
    }),
  })
  await startClient(page, '/once', { minDelay: 1 })
  assert.equal(await sawEvent(page, 'close'), ['open', 'close'])
  assert.is(visitCount, 1)
})

test('the same module runs on the WebSocket of Node', async (t) => {
  const { ws } = await serve(t, {
    urls: {
      '/echo': accept_websocket(async (request) => {
        await request.websocket?.send((await request.websocket.wait()) ?? '')
      }),
    },
  })
  const script = `
    import { ReconnectingWebSocket } from ${JSON.stringify(MODULE.href)}
    const client = new ReconnectingWebSocket(${JSON.stringify(`${ws}/echo`)})
    client.send('from node')
    client.onmessage = ({ data }) => console.log(data)
    client.onclose = ({ code }) => console.log(String(code))
  `
  const { WebSocket } = globalThis as { WebSocket?: unknown }
  const flags = WebSocket === undefined ? ['--experimental-websocket', '--no-warnings'] : []
  const child = spawn(process.execPath, [...flags, '--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const lines: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text) => lines.push(text))
  await once(child, 'close')
  assert.is(lines.join(''), 'from node\n1000\n')
})

test('npm ws works as well', async (t) => {
  let visitCount = 0
  const { ws } = await serve(t, {
    urls: {
      '/third': accept_websocket(async (request) => {
        visitCount += 1
        if (visitCount < 3) return request.websocket?.connection.terminate()
        await request.websocket?.send((await request.websocket.wait()) ?? '')
      }),
    },
  })
  const client = new ReconnectingWebSocket(`${ws}/third`, [], {
    minDelay: 1,
    environment: { WebSocket: StockWebSocket as unknown as ClientEnvironment['WebSocket'] },
  })
  t.after(() => client.close())
  client.binaryType = 'arraybuffer'
  const message = new Promise((resolve) => {
    client.onmessage = ({ data }) => resolve(data)
  })
  client.onopen = () => visitCount === 3 && client.send(new Uint8Array([1, 2]))
  const closed = once(client as unknown as EventTarget, 'close')
  assert.equal(new Uint8Array((await message) as ArrayBuffer), new Uint8Array([1, 2]))
  const [event] = await closed
  assert.equal([event.code, event.wasClean], [1000, true])
})
