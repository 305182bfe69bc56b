import { openInFirefox } from '../support/firefox.ts'
import { firefox, openssl, testWith } from '../support/need.ts'
import { until } from '../support/tick.ts'
import { assert, suite } from '../support/unit.ts'
import { openWs } from '../support/ws-client.ts'
import { startHttp2Chat } from './http2-chat.ts'

const test = testWith(suite('HTTP/2 in Firefox', { timeLimit: 60_000 }), firefox, openssl)

/** Opens three sockets; each repeats what it hears from others. */
const PAGE = `<!doctype html><title>page</title><script>
  for (const name of ['one', 'two', 'three']) {
    const socket = new WebSocket('wss://' + location.host + '/chat')
    socket.onopen = () => socket.send(name + ' is open')
    socket.onmessage = ({ data }) => { if (data === 'from HTTP/1.1') socket.send(name + ' has it') }
  }
</script>`

test('the sockets of a page run over its one HTTP/2 connection, and reach one over HTTP/1.1', async (t) => {
  const { http2, port, certificate, visitors } = await startHttp2Chat(t, PAGE)
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
  openInFirefox(t, port, '/', certificate.cert)
  await until(() => heard.filter((text) => `${text}`.endsWith('is open')).length === 3)
  outside.send('from HTTP/1.1')
  await until(() => heard.filter((text) => `${text}`.endsWith('has it')).length === 3)
  assert.equal(visitors, ['1.1 no origin', ...Array(3).fill(`2.0 https://localhost:${port}`)])
  assert.is(sessions.size, 1)
  const streams = [...sessionOf].filter(([name]) => name.startsWith('/chat ')).map(([, session]) => session)
  assert.is(streams.length, 3)
  // The page itself came on the same connection.
  const page = [...sessionOf].find(([name]) => name.startsWith('/ '))
  assert.is(page?.[1], streams[0])
  outside.socket.close()
})
