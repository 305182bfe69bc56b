import { spawnSync } from 'node:child_process'
import { deflateRawSync } from 'node:zlib'
import type { Connection, StreamHandler } from '../../../src/index.ts'
import { startEcho } from '../../support/echo-server.ts'
import { RawClient } from '../../support/raw-client.ts'
import { turns, until } from '../../support/tick.ts'
import { assert, suite } from '../../support/unit.ts'
import { closeFrame, frame } from '../../support/wire.ts'

const test = suite('borrowed parts')

/** Logs what a handler with borrowed parts is called with. */
function record(log: string[], onBorrowedPart: (bytes: Buffer) => unknown = () => {}): StreamHandler {
  return {
    onPart: () => assert.unreachable('onPart is not called'),
    onBorrowedPart(bytes) {
      log.push(bytes.toString('latin1'))
      return onBorrowedPart(bytes)
    },
    onEnd: () => log.push('end'),
    onAbort: (error) => log.push(`${(error as Error & { code: string }).code} ${error.message}`),
  }
}

/** A server whose connections receive parts with the handler of `handle`, and a client of it. */
async function open(t: Parameters<typeof startEcho>[0], handle: (connection: Connection) => StreamHandler) {
  const echo = await startEcho(t, { deflate: true }, (connection) => {
    connection.streamMessages(() => handle(connection))
  })
  const headers = ['Sec-WebSocket-Extensions: permessage-deflate']
  return { ...echo, client: await RawClient.open(echo.port, { headers }) }
}

test('are the bytes of text and binary messages, and may end inside a character', async (t) => {
  const log: string[] = []
  const { client } = await open(t, () => record(log))
  const euro = Buffer.from('€')
  client.send(frame(1, euro.subarray(0, 2), { fin: false }), frame(0, euro.subarray(2)), frame(2, 'b'), frame(2))
  await until(() => log.length === 6)
  assert.equal(log, ['\xe2\x82', '\xac', 'end', 'b', 'end', 'end'])
})

test('lie in memory that the next read reuses', async (t) => {
  const views: Buffer[] = []
  const { client } = await open(t, () => record([], (bytes) => views.push(bytes)))
  client.socket.write(frame(2, 'first', { fin: false }))
  await until(() => views.length === 1)
  client.socket.write(frame(0, 'other'))
  await until(() => views.length === 2)
  assert.is(views[0].toString(), 'other')
})

test('are checked: invalid UTF-8 closes with 1007 and is not delivered', async (t) => {
  const log: string[] = []
  const { client } = await open(t, () => record(log))
  client.send(frame(1, 'good', { fin: false }), frame(0, Buffer.from([0xc3, 0x28])))
  await client.until(() => client.closed)
  assert.is(client.closeCode, 1007)
  assert.is(log.length, 2)
  assert.is(log[0], 'good')
  assert.match(log[1], /^ERR_WS_STREAM_CUT .*1007/)
})

test('are the decompressed bytes of compressed messages, each of which may refer to the one before', async (t) => {
  const log: string[] = []
  const { client } = await open(t, () => record(log))
  const text = 'borrowed '.repeat(20_000)
  const compressed = deflateRawSync(text, { finishFlush: 2 }).subarray(0, -4)
  const again = deflateRawSync(text, { finishFlush: 2, dictionary: Buffer.from(text).subarray(-32768) }).subarray(0, -4)
  client.send(frame(2, compressed, { rsv: 4 }), frame(1, again, { rsv: 4 }))
  await until(() => log.filter((entry) => entry === 'end').length === 2)
  const [first, second] = [log.slice(0, log.indexOf('end')), log.slice(log.indexOf('end') + 1, -1)]
  assert.ok(first.length > 1)
  assert.is(first.join(''), text)
  assert.is(second.join(''), text)
})

test('that are sent back are intact while the peer does not read', async (t) => {
  const { client } = await open(t, (connection) => record([], (bytes) => connection.send(bytes, { compress: false })))
  client.socket.pause()
  // More than the buffers of two sockets hold. One message, whose frames may arrive in several parts.
  const frames = Array.from({ length: 400 }, (_, i) => Buffer.alloc(40_000, 1 + (i % 100)))
  client.send(...frames.map((payload, i) => frame(i === 0 ? 2 : 0, payload, { fin: i === frames.length - 1 })))
  await turns(50)
  client.socket.resume()
  const size = frames.length * 40_000
  const received = () => client.frames.reduce((sum, { payload }) => sum + payload.length, 0)
  await client.until(() => received() === size)
  assert.ok(Buffer.concat(client.frames.map(({ payload }) => payload)).equals(Buffer.concat(frames)))
})

test('wait intact after a pause inside the callback, while other connections use the memory', async (t) => {
  const logs: string[][] = []
  const { client, port, connections } = await open(t, (connection) => {
    const log: string[] = []
    logs.push(log)
    return record(log, () => connection.pause())
  })
  client.send(frame(2, 'first', { fin: false }), frame(0, 'second', { fin: false }), frame(0, 'third'))
  await until(() => logs.length === 1)
  assert.equal(logs[0], ['first'])
  assert.is(connections[0].memoryUsed > 'secondthird'.length, true)
  const other = await RawClient.open(port)
  other.send(frame(2, Buffer.alloc(60_000, 'x')))
  await until(() => logs.length === 2)
  assert.equal(logs[0], ['first'])
  connections[0].resume()
  assert.equal(logs[0], ['first', 'second'])
  connections[0].resume()
  assert.equal(logs[0], ['first', 'second', 'third', 'end'])
})

test('end after a close inside the callback, and the message is aborted', async (t) => {
  const log: string[] = []
  const { client } = await open(t, (connection) => record(log, () => connection.close(4000, 'enough')))
  client.send(frame(2, 'first', { fin: false }), frame(0, 'second'), closeFrame(4000))
  await client.until(() => client.closed)
  assert.is(client.closeCode, 4000)
  assert.equal(log, ['first', 'ERR_WS_STREAM_CUT the connection closed before the end of the message: 4000'])
})

test('end after terminate inside the callback', async (t) => {
  const log: string[] = []
  const { client } = await open(t, (connection) => record(log, () => connection.terminate()))
  client.send(frame(2, 'first', { fin: false }), frame(0, 'second'))
  await client.until(() => client.closed)
  assert.is(log.length, 2)
  assert.match(log[1], /^ERR_WS_STREAM_CUT /)
})

for (const [how, fail] of [
  ['throws', () => raise()],
  ['rejects', async () => raise()],
] as const) {
  test(`close with 1011 when the callback ${how}`, async (t) => {
    const { client, errors } = await open(t, () => record([], fail))
    client.send(frame(2, 'x', { fin: false }))
    await client.until(() => client.closed)
    assert.is(client.closeCode, 1011)
    assert.match(String(errors[0]), /as expected/)
  })
}

function raise(): never {
  throw new Error('as expected')
}

test('a handler without any callback for parts closes with 1011', async (t) => {
  const { client, errors } = await open(t, () => ({}))
  client.send(frame(2, 'x'))
  await client.until(() => client.closed)
  assert.is(client.closeCode, 1011)
  assert.instance(errors[0], TypeError)
})

test('DWEBSOCKET_DEBUG_BORROWED=1 overwrites each part, and the message stays intact', () => {
  const program = `
    import { connect, WebSocketServer } from './src/index.ts'
    const payload = Buffer.from(Array.from({ length: 60_000 }, (_, i) => i * i % 997).join())
    const server = new WebSocketServer({ deflate: true })
    server.onConnection = (connection) => connection.streamMessages(() => {
      const copies = []
      let last = Buffer.alloc(0)
      return {
        onBorrowedPart(bytes) { copies.push(Buffer.from(bytes)); last = bytes },
        onEnd() {
          const isGone = last.length > 0 && last.every((byte) => byte === 0xdb)
          connection.send([copies.length > 1, isGone, Buffer.concat(copies).equals(payload)].join())
        },
      }
    })
    const { port } = await server.listen(0)
    const client = await connect('ws://127.0.0.1:' + port, { deflate: true })
    const answers = []
    client.onMessage = (text) => {
      if (answers.push(text) < 4) return
      console.log(answers.join(' '))
      client.close()
      void server.close()
    }
    for (const compress of [true, true, false, false]) client.send(payload, { compress })`
  const env = { ...process.env, DWEBSOCKET_DEBUG_BORROWED: '1' }
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program]
  const { stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
  assert.is(stdout, `${Array(4).fill('true,true,true').join(' ')}\n`, stderr)
})
