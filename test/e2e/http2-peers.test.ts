import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { connect, createServer, require_websocket } from '../../src/index.ts'
import { makeCertificate } from '../support/certificate.ts'
import { startHaproxy } from '../support/haproxy.ts'
import { curl, haproxy, nghttp, openssl, testWith } from '../support/need.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { openWs } from '../support/ws-client.ts'

/* Tests with HTTP/2 peers of other projects. */

const test = suite('HTTP/2 peers')
const run = promisify(execFile)

/** Serves an echo that reports its version of HTTP, and a plain page. Resolves to the port. */
async function serve(t: TestContext, http2: true | { key: Buffer; cert: Buffer }): Promise<number> {
  const server = createServer({
    urls: {
      '/echo': require_websocket(
        async ({ websocket, httpVersion }) => {
          for await (const message of websocket) await websocket.send(`${httpVersion} ${message}`)
        },
        { origins: '*' },
      ),
      '/page': ({ httpVersion }) => ({ httpVersion }),
    },
    http2,
  })
  await server.listen(0)
  t.after(() => server.close())
  const address = server.address()
  return (address as { port: number }).port
}

testWith(
  test,
  curl,
  openssl,
)('curl gets a page over HTTP/2 and over HTTP/1.1 from one port', async (t) => {
  const port = await serve(t, makeCertificate())
  const get = async (version: string): Promise<string> => {
    const args = ['-sk', version, '-w', ' by %{http_version}', `https://localhost:${port}/page`]
    return (await run(curl.path, args)).stdout
  }
  assert.is(await get('--http2'), '{"httpVersion":"2.0"} by 2')
  assert.is(await get('--http1.1'), '{"httpVersion":"1.1"} by 1.1')
})

testWith(test, nghttp)('nghttp with prior knowledge sees the setting and gets a page', async (t) => {
  const port = await serve(t, true)
  const { stdout } = await run(nghttp.path, ['-v', `http://127.0.0.1:${port}/page`])
  // nghttp2 of Debian 12 names the setting by its number.
  assert.match(stdout, /(?:SETTINGS_ENABLE_CONNECT_PROTOCOL|UNKNOWN)\(0x08\):1/)
  assert.match(stdout, ':status: 200')
  assert.match(stdout, '{"httpVersion":"2.0"}')
})

testWith(
  test,
  haproxy,
  openssl,
)('haproxy carries WebSockets over HTTP/2 on both of its sides', async (t) => {
  const port = await startHaproxy(t, await serve(t, true))
  const url = `wss://localhost:${port}/echo`
  const echoes: string[] = []
  const connection = await connect(url, { http2: true, tls: { rejectUnauthorized: false } })
  const closed = new Promise<number>((resolve) => {
    connection.onClose = ({ code }) => resolve(code)
  })
  const message = new Promise<void>((resolve) => {
    connection.onMessage = (data) => {
      echoes.push(String(data))
      resolve()
    }
  })
  connection.send('over HTTP/2')
  await message
  connection.close(1000)
  assert.is(await closed, 1000)
  // A client over HTTP/1.1: haproxy makes an extended CONNECT of its upgrade.
  const old = await openWs(url, [], { rejectUnauthorized: false })
  old.send('over HTTP/1.1')
  assert.is(await old.next(), '2.0 over HTTP/1.1')
  old.socket.close()
  assert.match(await old.closed, '1005')
  assert.equal(echoes, ['2.0 over HTTP/2'])
})
