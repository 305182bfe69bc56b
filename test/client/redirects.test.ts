import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect, HandshakeError, WebSocketServer } from '../../src/index.ts'
import { makeCertificate } from '../support/certificate.ts'
import { openssl, testWith } from '../support/need.ts'
import { assert, suite, type TestContext, thrownBy } from '../support/unit.ts'
import { accept, portOf, rawServer } from './raw-server.ts'

const test = suite('connect: redirects')

/** Starts two servers, of which the first redirects to the second. */
async function redirecting(t: TestContext, status = 307): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  const [from, to] = [createHttpServer(), createHttpServer()]
  const server = new WebSocketServer()
  to.on('upgrade', (request) => requests.push(request))
  server.attach(to)
  const port = await portOf(to)
  from.on('upgrade', (request, socket) => {
    requests.push(request)
    const location = request.url === '/same' ? '/other' : `http://127.0.0.1:${port}/there`
    socket.end(`HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
  })
  const url = `ws://127.0.0.1:${await portOf(from)}`
  t.after(async () => {
    await server.close()
    from.close()
    to.close()
  })
  return { url, requests }
}

const secrets = { Authorization: 'Basic c2VjcmV0', cookie: 'session=1', 'Proxy-Authorization': 'x', 'X-Own': 'kept' }

test('S-10: follows no redirect by default', async (t) => {
  const { url, requests } = await redirecting(t)
  const error = (await thrownBy(() => connect(url, { headers: secrets }))) as HandshakeError
  assert.instance(error, HandshakeError)
  assert.is(error.status, 307)
  assert.is(requests.length, 1)
})

test('S-10: sends no credentials to another origin when it follows', async (t) => {
  for (const status of [301, 302, 303, 307, 308]) {
    const { url, requests } = await redirecting(t, status)
    const connection = await connect(url, { headers: secrets, maxRedirects: 1 })
    assert.is(requests[0].headers.authorization, 'Basic c2VjcmV0')
    const { authorization, cookie, 'proxy-authorization': proxy, 'x-own': own } = requests[1].headers
    assert.equal([authorization, cookie, proxy, own], [undefined, undefined, undefined, 'kept'])
    assert.is(requests[1].url, '/there')
    connection.terminate()
  }
})

testWith(test, openssl)('S-10: sends no credentials from TLS to plain', async (t) => {
  const certificate = makeCertificate()
  const https = createHttpsServer(certificate)
  const http = createHttpServer()
  const server = new WebSocketServer()
  let seen: IncomingMessage | undefined
  http.on('upgrade', (request) => {
    seen = request
  })
  server.attach(http)
  const port = await portOf(http)
  https.on('upgrade', (_, socket) => socket.end(`HTTP/1.1 302 Found\r\nLocation: ws://localhost:${port}/\r\n\r\n`))
  const url = `wss://localhost:${await portOf(https)}`
  t.after(async () => {
    await server.close()
    http.close()
    https.close()
  })
  const connection = await connect(url, { headers: secrets, maxRedirects: 1, tls: { ca: certificate.cert } })
  assert.equal([seen?.headers.authorization, seen?.headers.cookie], [undefined, undefined])
  connection.terminate()
})

test('sends credentials to the same origin and stops after maxRedirects', async (t) => {
  const { url, requests } = await redirecting(t)
  const connection = await connect(`${url}/same`, { headers: secrets, maxRedirects: 2 })
  assert.equal(
    requests.map(({ url, headers }) => [url, headers.authorization !== undefined]),
    [
      ['/same', true],
      ['/other', true],
      ['/there', false],
    ],
  )
  connection.terminate()
  assert.is(((await thrownBy(() => connect(`${url}/same`, { maxRedirects: 1 }))) as HandshakeError).status, 307)
})

test('does not follow a redirect to where no WebSocket client can go', async (t) => {
  for (const location of ['ftp://localhost/', 'ws://user:word@localhost/', 'ws://a,b/', 'ws://[', 'mailto:a@b']) {
    const url = await rawServer(t, (socket) => {
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`)
    })
    const error = (await thrownBy(() => connect(url, { maxRedirects: 5 }))) as HandshakeError
    assert.instance(error, HandshakeError, location)
    assert.is(error.status, 302)
  }
})

test('ignores the fragment of a redirect', async (t) => {
  const target = await rawServer(t, (socket, head) => socket.write(accept(head)))
  const url = await rawServer(t, (socket) => {
    socket.end(`HTTP/1.1 302 Found\r\nLocation: ${target}/#part\r\nContent-Length: 0\r\n\r\n`)
  })
  const connection = await connect(url, { maxRedirects: 1 })
  assert.is(connection.state, 'open')
  connection.terminate()
})
