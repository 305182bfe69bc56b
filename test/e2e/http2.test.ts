import { openContext } from '../support/chromium.ts'
import { startCommand } from '../support/command.ts'
import { chromium, testWith } from '../support/need.ts'
import { assert, suite } from '../support/unit.ts'
import { openWs } from '../support/ws-client.ts'
import { startHttp2Chat } from './http2-chat.ts'

const test = testWith(suite('HTTP/2 in a browser'), chromium)

test('the pages of the demo are served over HTTP/2 with --http2', async (t) => {
  const { address } = await startCommand(t, 'serve', '--http2', '--port', '0')
  assert.match(address, /^https:/)
  const page = await (await openContext(t, { ignoreHTTPSErrors: true })).newPage()
  await page.goto(`${address}/chat?room=http2`)
  await page.locator('#state[data-state=open]').waitFor()
  const protocol = await page.evaluate(
    () => (performance.getEntriesByType('navigation' as never)[0] as unknown as Entry).nextHopProtocol,
  )
  assert.is(protocol, 'h2')
})

test('the sockets of a page run over its one HTTP/2 connection, and reach one over HTTP/1.1', async (t) => {
  const { http2, port, visitors } = await startHttp2Chat(t, '<!doctype html><title>page</title>')
  let sessionCount = 0
  const streams: string[] = []
  http2.on('session', () => sessionCount++)
  http2.on('stream', (_, headers) => void streams.push(headers[':protocol'] === undefined ? 'plain' : 'websocket'))
  const context = await openContext(t, { ignoreHTTPSErrors: true })
  const page = await context.newPage()
  await page.goto(`https://localhost:${port}/`)
  const opened = await page.evaluate(openSockets, `wss://localhost:${port}/chat`)
  assert.equal(opened, ['open', 'open', 'open'])
  const outside = await openWs(`wss://localhost:${port}/chat`, [], { rejectUnauthorized: false })
  outside.send('from HTTP/1.1')
  await page.waitForFunction(() => (globalThis as unknown as Page).received.length === 3)
  assert.equal(await page.evaluate(() => (globalThis as unknown as Page).received), Array(3).fill('from HTTP/1.1'))
  assert.is(await outside.next(), 'from HTTP/1.1')
  await page.evaluate(() => (globalThis as unknown as Page).sockets[0].send('from HTTP/2'))
  assert.is(await outside.next(), 'from HTTP/2')
  assert.equal(visitors, [...Array(3).fill(`2.0 https://localhost:${port}`), '1.1 no origin'])
  assert.is(sessionCount, 1)
  assert.is(streams.filter((kind) => kind === 'websocket').length, 3)
  outside.socket.close()
})

interface Entry {
  nextHopProtocol: string
}

interface Page {
  sockets: WebSocket[]
  received: string[]
}

/** Runs in the page. */
function openSockets(url: string): Promise<string[]> {
  const page = globalThis as unknown as Page
  page.received = []
  page.sockets = [1, 2, 3].map(() => new WebSocket(url))
  return Promise.all(
    page.sockets.map(
      (socket) =>
        new Promise<string>((resolve) => {
          socket.onopen = () => resolve('open')
          socket.onclose = ({ code }) => resolve(`closed ${code}`)
          socket.onmessage = ({ data }) => void page.received.push(data)
        }),
    ),
  )
}
