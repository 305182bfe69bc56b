import { connect, HandshakeError, WebSocketError } from '../../src/index.ts'
import { reservePort } from '../support/reserved-port.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { accept, rawServer } from './raw-server.ts'

const test = suite('connect: handshakes that fail')

/** Returns the code of an error and the code of its cause. */
const codesOf = ({ code, cause }: Error & { code?: string }): unknown[] => [code, (cause as { code?: string })?.code]

test('rejects with a HandshakeError for every answer that is not a valid 101', async (t) => {
  const answers: [string | ((head: string) => string), number, string][] = [
    ['HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n', 403, 'ERR_WS_UNEXPECTED_STATUS'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 200, 'ERR_WS_UNEXPECTED_STATUS'],
    [(head) => accept(head).replace(/Accept: ./, 'Accept: ~'), 502, 'ERR_WS_ACCEPT'],
    [(head) => accept(head, 'Sec-WebSocket-Protocol: unasked\r\n'), 502, 'ERR_WS_SUBPROTOCOL'],
    [(head) => accept(head, 'Sec-WebSocket-Extensions: permessage-deflate\r\n'), 502, 'ERR_WS_EXTENSIONS'],
  ]
  for (const [answer, status, code] of answers) {
    const url = await rawServer(t, (socket, head) => socket.write(typeof answer === 'string' ? answer : answer(head)))
    const error = (await thrownBy(() => connect(url))) as HandshakeError
    assert.instance(error, HandshakeError)
    assert.equal([error.status, error.code], [status, code])
  }
})

test('rejects deflate parameters that are negotiated incorrectly, and ends the stream', async (t) => {
  let ended: Promise<void> | null = null
  const url = await rawServer(t, (socket, head) => {
    ended = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.resume()
    socket.write(accept(head, 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=16\r\n'))
  })
  assert.is((await thrownBy(() => connect(url, { deflate: true }))).code, 'ERR_WS_EXTENSION')
  await ended
})

test('rejects after handshakeTimeout, when the server ends, and with the reason of its signal', async (t) => {
  const silent = await rawServer(t, () => {})
  assert.is((await thrownBy(() => connect(silent, { handshakeTimeout: 50 }))).code, 'ERR_WS_HANDSHAKE_TIMEOUT')
  const ending = await rawServer(t, (socket) => socket.end())
  assert.equal(codesOf(await thrownBy(() => connect(ending))), ['ERR_WS_TRANSPORT', 'ECONNRESET'])
  const reason = new Error('not wanted any more')
  assert.is(await thrownBy(() => connect(silent, { signal: AbortSignal.abort(reason) })), reason)
  const controller = new AbortController()
  const aborting = await rawServer(t, () => controller.abort(reason))
  assert.is(await thrownBy(() => connect(aborting, { signal: controller.signal })), reason)
  const echo = await rawServer(t, (socket, head) => socket.write(accept(head)))
  const later = new AbortController()
  const connection = await connect(echo, { signal: later.signal })
  later.abort()
  assert.is(connection.state, 'open')
  connection.terminate()
})

test('refuses invalid URLs and options before anything is sent', async () => {
  for (const url of ['ftp://localhost', 'ws://localhost/#part', 'ws://user:word@localhost', 'nothing']) {
    assert.instance(await thrownBy(() => connect(url)), TypeError, url)
  }
  const unsendable: Record<string, string>[] = [{ 'X-A': 'a\r\nB: c' }, { Host: 'other' }, { 'a b': 'c' }]
  for (const headers of unsendable) {
    assert.instance(await thrownBy(() => connect('ws://127.0.0.1:9', { headers })), TypeError)
  }
  assert.instance(await thrownBy(() => connect('ws://127.0.0.1:9', { subprotocols: ['a b'] })), TypeError)
  assert.instance(await thrownBy(() => connect('ws://127.0.0.1:9', { maxFrames: 0 })), RangeError)
  assert.instance(
    await thrownBy(() => connect('ws://127.0.0.1:9', { handshakeTimeout: Number.POSITIVE_INFINITY })),
    RangeError,
  )
})

test('rejects with the system’s error as the cause when no server listens', async (t) => {
  const port = await reservePort(t)
  const error = await thrownBy(() => connect(`ws://127.0.0.1:${port}`))
  assert.instance(error, WebSocketError)
  assert.equal(codesOf(error), ['ERR_WS_TRANSPORT', 'ECONNREFUSED'])
  assert.match(error.message, `no response from 127.0.0.1:${port}`)
})

test('rejects with ERR_WS_TRANSPORT when the server does not speak HTTP', async (t) => {
  const url = await rawServer(t, (socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'))
  assert.equal(codesOf(await thrownBy(() => connect(url))), ['ERR_WS_TRANSPORT', 'HPE_INVALID_CONSTANT'])
})

test('refuses options that are unknown or of the wrong type', async () => {
  const wrong: [object, string][] = [
    [{ maxMessages: 5 }, 'option maxMessages is unknown; allowed: subprotocols, headers'],
    [{ subprotocols: 'chat' }, "option subprotocols is 'chat'; allowed: an array of distinct tokens"],
    [{ handshakeTimeout: '5' }, "option handshakeTimeout is '5'; allowed: an integer from 1 to 2147483647"],
    [{ socketPath: 5 }, 'option socketPath is 5; allowed: a path'],
    [{ agent: true }, 'option agent is true; allowed: an http.Agent'],
    [{ createConnection: {} }, 'option createConnection is an object (Object); allowed: a function'],
  ]
  for (const [options, message] of wrong) {
    const error = await thrownBy(() => connect('ws://127.0.0.1:9', options))
    assert.instance(error, TypeError)
    assert.match(error.message, message)
  }
})
