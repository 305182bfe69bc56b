import type { Data } from '../../src/connection/host.ts'
import { assert, suite } from '../support/unit.ts'
import { open } from './open-session.ts'

const test = suite('session iteration')

test('iterates over every message and ends with the connection, without a trailing null', async () => {
  const { connection, ws } = open()
  const messages: Data[] = []
  connection.receive('a', 'b')
  const loop = (async () => {
    for await (const message of ws) {
      messages.push(message)
      if (message === 'b') setImmediate(() => connection.receive('c'))
      if (message === 'c') setImmediate(() => connection.end())
    }
  })()
  await loop
  assert.equal(messages, ['a', 'b', 'c'])
})

test('iterates over what was received before a Close', async () => {
  const { connection, ws } = open()
  connection.receive('a', 'b')
  connection.end()
  const messages: Data[] = []
  for await (const message of ws) messages.push(message)
  assert.equal(messages, ['a', 'b'])
  for await (const message of ws) assert.unreachable(String(message))
})

test('keeps the connection open when a loop is left, and loses no message', async () => {
  const { connection, ws } = open()
  connection.receive('a', 'b', 'c')
  for await (const message of ws) {
    assert.is(message, 'a')
    break
  }
  assert.is(ws.is_closed(), false)
  assert.equal(connection.calls, [])
  for await (const message of ws) {
    assert.is(message, 'b')
    break
  }
  assert.is(ws.read(), 'c')
})

test('shares messages fairly between several loops, each message once', async () => {
  const { connection, ws } = open()
  const seen: string[] = []
  const loops = ['x', 'y'].map(async (name) => {
    for await (const message of ws[Symbol.asyncIterator]()) seen.push(`${name}${message}`)
  })
  for (const message of ['1', '2', '3', '4']) {
    connection.receive(message)
    await new Promise((resolve) => setImmediate(resolve))
  }
  connection.end()
  await Promise.all(loops)
  assert.equal(seen, ['x1', 'y2', 'x3', 'y4'])
})

test('ends the pending calls of next when an iterator is closed, and loses no message', async () => {
  const { connection, ws } = open()
  const iterator = ws[Symbol.asyncIterator]()
  const other = ws.wait()
  const pending = [iterator.next(), iterator.next(), iterator.next()]
  const last = ws.wait()
  assert.equal(await iterator.return?.('bye'), { value: 'bye', done: true })
  for (const next of pending) assert.equal(await next, { value: undefined, done: true })
  connection.receive('a', 'b', 'c')
  assert.equal([await other, await last, ws.read()], ['a', 'b', 'c'])
  connection.receive('d')
  assert.equal(await iterator.next(), { value: 'd', done: false }, 'as a second loop over the session')
})

test('serves calls of next that are pending at the same time in their order', async () => {
  const { connection, ws } = open()
  const iterator = ws[Symbol.asyncIterator]()
  const first = [iterator.next(), iterator.next()]
  connection.receive('a')
  assert.equal(await first[0], { value: 'a', done: false })
  const third = iterator.next()
  connection.receive('b', 'c')
  assert.equal(await first[1], { value: 'b', done: false })
  assert.equal(await third, { value: 'c', done: false })
  const end = [iterator.next(), iterator.next()]
  connection.end()
  for (const next of end) assert.equal(await next, { value: undefined, done: true })
})
