import { deflateRawSync } from 'node:zlib'
import type { Connection, StreamHandler } from '../../../src/index.ts'
import { startEcho } from '../../support/echo-server.ts'
import { RawClient } from '../../support/raw-client.ts'
import { until } from '../../support/tick.ts'
import { assert, suite } from '../../support/unit.ts'
import { closeFrame, frame } from '../../support/wire.ts'

const test = suite('stream delivery')

/** Logs what the callbacks of a connection receive. */
function record(connection: Connection, log: string[]): void {
  connection.onMessage = () => assert.unreachable('onMessage is not called')
  connection.streamMessages((isBinary): StreamHandler => {
    log.push(isBinary ? 'binary' : 'text')
    return {
      onPart: (part) => log.push(typeof part === 'string' ? part : part.toString('hex')),
      onEnd: () => log.push('end'),
      onAbort: (error) => log.push(`${(error as Error & { code: string }).code} ${error.message}`),
    }
  })
}

test('delivers parts of text between characters, and of bytes as they arrive', async (t) => {
  const log: string[] = []
  const { port, server } = await startEcho(t, {}, (connection) => record(connection, log))
  const client = await RawClient.open(port)
  const euro = Buffer.from('a€b')
  client.send(frame(1, euro.subarray(0, 2), { fin: false }))
  await until(() => log.includes('a'))
  client.send(frame(0, euro.subarray(2, 3), { fin: false }), frame(0, euro.subarray(3)), frame(2, 'x'), frame(2))
  await until(() => log.length === 9)
  assert.equal(log, ['text', 'a', '€b', 'end', 'binary', '78', 'end', 'binary', 'end'])
  assert.is(server.stats().receivedMessages, 3)
})

test('delivers the message that is being decompressed', async (t) => {
  const log: string[] = []
  const { port } = await startEcho(t, { deflate: true }, (connection) => {
    connection.onMessage = () => queueMicrotask(() => record(connection, log))
  })
  const client = await RawClient.open(port, { headers: ['Sec-WebSocket-Extensions: permessage-deflate'] })
  const text = 'x'.repeat(600_000)
  const compressed = deflateRawSync(text, { finishFlush: 2 }).subarray(0, -4)
  client.send(frame(1, 'begin'), frame(1, compressed, { rsv: 4 }), frame(1, 'next'))
  await until(() => log.length === 6)
  assert.equal(log, ['text', text, 'end', 'text', 'next', 'end'])
})

test('aborts with the close code when the connection closes in the middle', async (t) => {
  const log: string[] = []
  const { port } = await startEcho(t, {}, (connection) => record(connection, log))
  const client = await RawClient.open(port)
  client.send(frame(2, 'x', { fin: false }), closeFrame(1001, 'bye'))
  await until(() => log.length === 3)
  assert.is(log[2], 'ERR_WS_STREAM_CUT the connection closed before the end of the message: 1001 bye')
})

test('aborts a message whose beginning closes the connection, once', async (t) => {
  const ways: ((connection: Connection) => void)[] = [
    (connection) => connection.close(1008),
    (connection) => connection.fail(1008, 'ERR_MINE', 'mine'),
    (connection) => connection.terminate(),
  ]
  for (const way of ways) {
    const log: string[] = []
    const { port, connections } = await startEcho(t, {}, (connection) => {
      connection.streamMessages(() => {
        way(connection)
        return {
          onPart: () => log.push('part'),
          onEnd: () => log.push('end'),
          onAbort: (error) => log.push((error as Error & { code: string }).code),
        }
      })
    })
    const client = await RawClient.open(port)
    client.send(frame(2, 'x'), closeFrame(1008))
    await client.until(() => client.closed)
    await connections[0].gone
    assert.equal(log, ['ERR_WS_STREAM_CUT'])
  }
})

test('discards a message without a handler, and closes with 1011 when a callback throws', async (t) => {
  const log: string[] = []
  const { port, errors } = await startEcho(t, {}, (connection) => {
    connection.streamMessages((isBinary) => {
      log.push(String(isBinary))
      if (isBinary) return null
      return {
        onPart() {
          throw new Error('mine')
        },
      }
    })
  })
  const client = await RawClient.open(port)
  client.send(frame(2, 'ignored'), frame(1, 'thrown'))
  const [{ payload }] = await client.receive(1)
  assert.is(payload.readUInt16BE(), 1011)
  assert.equal(log, ['true', 'false'])
  assert.match(String(errors[0]), /mine/)
})

test('replaces the callback for the messages that follow', async (t) => {
  const log: string[] = []
  const { port } = await startEcho(t, {}, (connection) => {
    connection.streamMessages(() => {
      log.push('first')
      connection.streamMessages(() => {
        log.push('second')
        return null
      })
      return null
    })
  })
  const client = await RawClient.open(port)
  client.send(frame(2, 'a'), frame(2, 'b'))
  await until(() => log.length === 2)
  assert.equal(log, ['first', 'second'])
})

test('applies the message rate', async (t) => {
  const log: string[] = []
  const options = { messageRate: { perSecond: 0.01, burst: 1 }, overRate: 'close' as const }
  const { port } = await startEcho(t, options, (connection) => record(connection, log))
  const client = await RawClient.open(port)
  client.send(frame(2, 'a'), frame(2, 'b'), frame(2, 'c'))
  const [{ payload }] = await client.receive(1)
  assert.is(payload.readUInt16BE(), 1013)
})
