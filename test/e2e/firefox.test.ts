import type { AddressInfo } from 'node:net'
import { createDemo } from '../../src/cli/demo/site.ts'
import { createServer } from '../../src/index.ts'
import { makeCertificate } from '../support/certificate.ts'
import { openFirefoxPage } from '../support/firefox.ts'
import { firefox, openssl, testWith } from '../support/need.ts'
import { until } from '../support/tick.ts'
import { assert, suite } from '../support/unit.ts'
import { openWs } from '../support/ws-client.ts'
import { startHttp2Chat } from './http2-chat.ts'

const test = testWith(suite('HTTP/2 in Firefox', { timeLimit: 60_000 }), firefox, openssl)

/** A page that opens three sockets, each of which repeats the messages of the others. */
const PAGE = `<!doctype html><title>page</title><script>
  for (const name of ['one', 'two', 'three']) {
    const socket = new WebSocket('wss://' + location.host + '/chat')
    socket.onopen = () => socket.send(name + ' is open')
    socket.onmessage = ({ data }) => { if (data === 'from HTTP/1.1') socket.send(name + ' has it') }
  }
</script>`

test('the sockets of a page run over its one HTTP/2 connection, and reach one over HTTP/1.1', async (t) => {
  const { http2, port, visitors } = await startHttp2Chat(t, PAGE)
  const sessionOf = new Map<string, unknown>()
  const sessions = new Set<unknown>()
  http2.on('stream', ({ session, id }, headers) => {
    if (headers[':protocol'] === 'websocket') sessions.add(session)
    sessionOf.set(`${headers[':path']} ${id}`, session)
  })
  const outside = await openWs(`wss://localhost:${port}/chat`, [], { rejectUnauthorized: false })
  const heard: unknown[] = []
  const listen = async (): Promise<void> => {
    for (let text = await outside.next(); text !== null; text = await outside.next()) heard.push(text)
  }
  void listen().catch(() => {})
  const tab = await openFirefoxPage(t)
  await tab.open(`https://localhost:${port}/`)
  await until(() => heard.filter((text) => `${text}`.endsWith('is open')).length === 3)
  outside.send('from HTTP/1.1')
  await until(() => heard.filter((text) => `${text}`.endsWith('has it')).length === 3)
  assert.equal(visitors, ['1.1 no origin', ...Array(3).fill(`2.0 https://localhost:${port}`)])
  assert.is(sessions.size, 1)
  const streams = [...sessionOf].filter(([name]) => name.startsWith('/chat ')).map(([, session]) => session)
  assert.is(streams.length, 3)
  // The page itself was loaded on the same connection.
  const page = [...sessionOf].find(([name]) => name.startsWith('/ '))
  assert.is(page?.[1], streams[0])
  outside.socket.close()
})

test('pages of the demo run over one HTTP/2 connection, and the chat reaches one over HTTP/1.1', async (t) => {
  const server = createServer({ urls: createDemo().urls, http2: makeCertificate() })
  t.after(() => server.shutdown({ deadline: 100 }))
  const { port } = (await server.listen(0)) as AddressInfo
  const page = await openFirefoxPage(t)
  /** The ports of Firefox's connections, each with the WebSockets that it has opened. */
  const opened = new Map<number | undefined, string[]>()
  for (const path of ['/echo', '/push', '/notice', '/broadcast', '/bullet', '/job', '/chat?room=two']) {
    await page.open(`https://localhost:${port}${path}`)
    assert.is(await page.evaluate(UNTIL_OPEN), 'open', path)
    assert.is(await page.evaluate('performance.getEntriesByType("navigation")[0].nextHopProtocol'), 'h2')
    for (const { request, state } of server.connections) {
      if (state !== 'open' || request.url?.split('?')[0] !== path.split('?')[0]) continue
      assert.is(request.httpVersion, '2.0', path)
      const { remotePort } = request.socket
      opened.set(remotePort, [...(opened.get(remotePort) ?? []), path])
    }
  }
  assert.is(opened.size, 1)
  assert.is([...opened.values()][0].length, 7)

  const query = new URLSearchParams({ name: 'Outside', room: 'two', key: 'k'.repeat(16), page: 'p'.repeat(16) })
  const outside = await openWs(`wss://localhost:${port}/chat?${query}`, [], { rejectUnauthorized: false })
  outside.send(JSON.stringify({ n: 1, text: 'from HTTP/1.1' }))
  assert.match(await page.evaluate(untilShown('from HTTP/1.1')), /Outside.*from HTTP\/1\.1/)
  await page.evaluate(
    `document.getElementById('text').value = 'from Firefox', document.querySelector('#composer button').click(), ''`,
  )
  for (let text = ''; !text.includes('from Firefox'); ) text = `${await outside.next()}`
  const talking = [...server.connections].filter(({ request }) => request.url?.startsWith('/chat'))
  assert.equal(talking.map(({ request }) => request.httpVersion).sort(), ['1.1', '2.0'])
  outside.socket.close()
})

const UNTIL_OPEN = inPage(`document.getElementById('state').dataset.state === 'open'`, `'open'`)

const untilShown = (text: string): string =>
  inPage(`log.textContent.includes(${JSON.stringify(text)})`, 'log.textContent')

/** Returns an expression for the page: the value of `result` once the condition is true. */
function inPage(condition: string, result: string): string {
  return `new Promise((resolve) => {
    const check = () => (${condition}) ? resolve(${result}) : setTimeout(check, 20)
    check()
  })`
}
