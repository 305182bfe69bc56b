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
