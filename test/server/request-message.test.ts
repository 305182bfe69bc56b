import { createServer, IncomingMessage } from 'node:http'
import { type AddressInfo, connect, Socket } from 'node:net'
import { isFastEnabled } from '../../src/fast/enabled.ts'
import { makeMessage } from '../../src/server/request-message.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('request-message')

const HEAD = [
  'GET /chat?room=1 HTTP/1.1',
  'Host: example.test',
  'X-Forwarded-For: 10.0.0.1',
  'x-forwarded-for: 10.0.0.2',
  'Cookie: a=b',
  'Cookie: c=d',
  'X-Name: é',
  '',
  '',
].join('\r\n')

const FIELDS = [
  'method',
  'url',
  'httpVersion',
  'httpVersionMajor',
  'httpVersionMinor',
  'rawHeaders',
  'headers',
  'headersDistinct',
] as const

const make = (head = HEAD): IncomingMessage => makeMessage(head, new Socket())

/** Returns whether the message is a plain request of Node. */
const isComplete = (message: IncomingMessage): boolean => Object.getPrototypeOf(message) === IncomingMessage.prototype

test('creates the same message from a head as Node, whatever is read first', async (t) => {
  const http = createServer()
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => http.close(resolve)))
  const client = connect((http.address() as AddressInfo).port, '127.0.0.1')
  t.after(() => client.destroy())
  const theirs = await new Promise<IncomingMessage>((resolve) => {
    http.once('request', resolve)
    client.write(HEAD, 'latin1')
  })
  for (const field of FIELDS) {
    const ours = make()
    assert.equal(ours[field], theirs[field], field)
    for (const other of FIELDS) assert.equal(ours[other], theirs[other], `${other} behind ${field}`)
    assert.ok(ours.complete)
    for await (const chunk of ours) assert.unreachable(String(chunk))
  }
  for (const key of Reflect.ownKeys(new IncomingMessage(new Socket()))) assert.ok(Reflect.has(make(), key), String(key))
})

test('reads the request line after an empty line', () => {
  const message = make('\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n')
  assert.is(message.method, 'GET')
  assert.is(message.url, '/a')
  assert.equal([message.httpVersion, message.httpVersionMajor, message.httpVersionMinor], ['1.1', 1, 1])
  assert.equal(message.headers, { host: 'x' })
  assert.is(message.method, 'GET')
  assert.is(message.url, '/a')
})

const LAZY = 'retains only the text of the head while nothing else than the request line and the socket is used'
if (!isFastEnabled) test.skip(LAZY, 'the fast path is not in use')
else {
  test(LAZY, () => {
    const message = make()
    assert.ok(message instanceof IncomingMessage)
    assert.is(message.method, 'GET')
    assert.is(message.url, '/chat?room=1')
    assert.instance(message.socket, Socket)
    assert.is(isComplete(message), false)
    assert.is(message.headers.cookie, 'a=b; c=d')
    assert.is(isComplete(message), true)
  })
}

const uses: Record<string, (message: IncomingMessage) => unknown> = {
  'a listener': (message) => message.on('end', () => {}),
  'a new url': (message) => {
    message.url = '/other'
  },
  'a field of a stream': (message) => message.readable,
  'a method of a stream': (message) => message.resume(),
  'an object that inherits from it': (message) => {
    const heir = Object.create(message) as IncomingMessage
    assert.is(heir.url, '/chat?room=1')
    assert.is(heir.headers.host, 'example.test')
    heir.url = '/heir'
    assert.is(message.url, '/chat?room=1')
  },
  'a proxy': (message) => {
    const proxy = new Proxy(message, {})
    assert.is(proxy.url, '/chat?room=1')
    assert.is(proxy.headers.host, 'example.test')
  },
}

for (const [name, use] of Object.entries(uses)) {
  test(`becomes a request of node by ${name}, with its own properties unchanged`, () => {
    const message = Object.assign(make(), { own: 1 })
    use(message)
    assert.is(isComplete(message), true)
    assert.is(message.own, 1)
    assert.is(message.url, name === 'a new url' ? '/other' : '/chat?room=1')
    assert.is(message.headers.host, 'example.test')
  })
}
