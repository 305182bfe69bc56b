import { constants, deflateRawSync } from 'node:zlib'
import { MessageAssembler } from '../../src/core/message-assembler.ts'
import type { Connection, Data } from '../../src/index.ts'
import { startEcho } from '../support/echo-server.ts'
import { RawClient } from '../support/raw-client.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { closeFrame, frame, hex } from '../support/wire.ts'

const test = suite('security of messages', { timeLimit: 60_000 })

const OFFER = ['Sec-WebSocket-Extensions: permessage-deflate']

/** Compresses a message with permessage-deflate. */
function deflated(message: string | Buffer): Buffer {
  const bytes = deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH })
  return bytes.subarray(0, -4)
}

/** Starts a server that stores the messages that it receives. */
async function keeper(t: TestContext, options: Parameters<typeof startEcho>[1]) {
  const messages: Data[] = []
  const keep = (connection: Connection): void => {
    connection.onMessage = (data) => void messages.push(data)
  }
  return { ...(await startEcho(t, options, keep)), messages }
}

test('S-14, S-18, S-29, S-33, S-38: stops a bomb at the limit with 1009, its size on the wire far below it', async (t) => {
  const { port, messages, connections } = await keeper(t, { deflate: true, maxMessageSize: 100_000 })
  for (const size of [100_001, 1_000_000, 50_000_000]) {
    const client = await RawClient.open(port, { headers: OFFER })
    const bomb = deflated(Buffer.alloc(size))
    assert.ok(bomb.length < 60_000)
    client.send(frame(2, bomb, { rsv: 4 }))
    await client.until(() => client.ended || client.closed)
    assert.is(client.closeCode, 1009)
    assert.is(connections.at(-1)!.memoryUsed, 0)
    client.socket.destroy()
  }
  assert.equal(messages, [])
})

test('S-18: bounds the bytes on the wire of a compressed message as well', async (t) => {
  const { port, messages } = await keeper(t, { deflate: true, maxMessageSize: 1_000 })
  const client = await RawClient.open(port, { headers: OFFER })
  // Stored blocks without content: any number of bytes that inflate to nothing.
  client.send(frame(2, Buffer.concat(new Array(1_000).fill(hex('00 0000 ffff'))), { rsv: 4 }))
  await client.until(() => client.ended || client.closed)
  assert.is(client.closeCode, 1009)
  assert.equal(messages, [])
  client.socket.destroy()
})

test('S-24: bounds what waits for its parts by bytes and by time, both options', async (t) => {
  const bytes = await keeper(t, { maxMessageSize: 10_000 })
  const large = await RawClient.open(bytes.port)
  large.send(frame(1, 'x'.repeat(6_000), { fin: false }), frame(0, 'x'.repeat(4_001), { fin: false }))
  await large.until(() => large.ended)
  assert.is(large.closeCode, 1009)
  large.socket.destroy()
  const time = await keeper(t, { messageTimeout: 200 })
  const slow = await RawClient.open(time.port)
  slow.send(frame(1, 'begun', { fin: false }))
  const pings = setInterval(() => slow.send(frame(9, 'alive')), 50)
  await slow.until(() => slow.ended || slow.closed)
  clearInterval(pings)
  assert.is(slow.closeCode, 1013)
  assert.match(time.connections[0].closeInfo!.error!.message, '200 ms')
  slow.socket.destroy()
})

test('S-29: fails with 1002 for each reserved bit, with an extension and without', async (t) => {
  for (const headers of [[], OFFER]) {
    const { port } = await keeper(t, { deflate: headers.length > 0 })
    for (const rsv of headers.length > 0 ? [1, 2, 3, 5, 6, 7] : [1, 2, 3, 4, 5, 6, 7]) {
      const client = await RawClient.open(port, { headers })
      client.send(frame(1, 'x', { rsv }))
      await client.until(() => client.ended)
      assert.is(client.closeCode, 1002, `rsv ${rsv}`)
      client.socket.destroy()
    }
  }
})

test('S-29, S-52: closes with 1013 a frame header that is not completed', async (t) => {
  const { port, connections } = await keeper(t, { headerTimeout: 100 })
  for (const bytes of ['81', '81 fe', '81 ff 0000', '82 85 0102']) {
    const client = await RawClient.open(port)
    client.send(hex(bytes))
    await client.until(() => client.ended || client.closed)
    assert.is(client.closeCode, 1013)
    assert.is((connections.at(-1)!.closeInfo!.error as { code?: string }).code, 'ERR_WS_HEADER_TIMEOUT')
    client.socket.destroy()
  }
})

test('S-30: delivers a message of the limit whole and refuses one byte more, compressed or not, in fragments or not', async (t) => {
  const limit = 5_000
  const { port, messages } = await keeper(t, { deflate: true, maxMessageSize: limit })
  const shapes: ((payload: Buffer) => Buffer)[] = [
    (payload) => frame(2, payload),
    (payload) =>
      Buffer.concat([frame(2, payload.subarray(0, 3_000), { fin: false }), frame(0, payload.subarray(3_000))]),
    (payload) => frame(2, deflated(payload), { rsv: 4 }),
    (payload) => {
      const wire = deflated(payload)
      return Buffer.concat([frame(2, wire.subarray(0, 9), { rsv: 4, fin: false }), frame(0, wire.subarray(9))])
    },
  ]
  for (const shape of shapes) {
    for (const size of [limit - 1, limit, limit + 1, limit + 2]) {
      messages.length = 0
      const payload = Buffer.from(Array.from({ length: size }, (_, i) => (i * i) >> 5))
      const client = await RawClient.open(port, { headers: OFFER })
      client.send(shape(payload), closeFrame(1000))
      await client.until(() => client.ended)
      assert.is(client.closeCode, size > limit ? 1009 : 1000, `${size}`)
      assert.is(messages.length, size > limit ? 0 : 1)
      if (size <= limit) assert.ok(payload.equals(messages[0] as Buffer))
      client.socket.destroy()
    }
  }
})

test('S-32, S-33: gathers fragments in linear time', async (t) => {
  const count = 40_000
  const { port } = await startEcho(t, { maxMessageSize: 10_000_000, maxFrames: 1_000_000 })
  const client = await RawClient.open(port)
  const piece = frame(0, 'x'.repeat(100), { fin: false })
  client.socket.write(Buffer.concat([frame(2, '', { fin: false }), ...new Array(count).fill(piece), frame(0)]))
  await client.until(() => client.frames.length === 1)
  assert.is(client.frames[0].payload.length, count * 100)
  client.socket.destroy()
  // Each change of the memory copies the earlier bytes. There are as many copies as doublings, for any fragments.
  let growths = 0
  const unused = (): never => assert.unreachable() as never
  const sink = { onTextMessage: unused, onBinaryMessage: unused }
  const assembler = new MessageAssembler(sink, { limits: { maxMessageSize: 10_000_000, maxFrames: 1_000_000 } })
  for (let index = 0, held = 0; index < count; index++) {
    assembler.onFrameHeader(false, false, index === 0 ? 2 : 0, 100)
    assembler.onFramePayload(Buffer.alloc(100), 0, 100, true, true)
    if (assembler.memoryUsed !== held) growths++
    held = assembler.memoryUsed
  }
  assert.ok(growths > 0 && growths <= Math.log2(count * 100), `${growths} growths`)
})

test('S-43: reads final blocks at the end, in the middle and bare, and the window survives them', async (t) => {
  const { port, messages } = await keeper(t, { deflate: { clientMaxWindowBits: 15 } })
  const client = await RawClient.open(port, { headers: OFFER })
  assert.not.match(client.head, 'client_no_context_takeover')
  const first = 'a text that the next message refers to, long enough to be worth it'
  const final = deflateRawSync(first)
  const back = deflateRawSync(first, { dictionary: Buffer.from(first), finishFlush: constants.Z_SYNC_FLUSH })
  assert.ok(back.length < 20)
  const middle = Buffer.concat([
    deflateRawSync('before '),
    deflateRawSync('after', { finishFlush: constants.Z_SYNC_FLUSH }),
  ])
  client.send(
    frame(1, final, { rsv: 4 }),
    frame(1, back.subarray(0, -4), { rsv: 4 }),
    frame(1, middle.subarray(0, -4), { rsv: 4 }),
    frame(1, hex('0300'), { rsv: 4 }),
    frame(1, hex('00'), { rsv: 4 }),
    frame(1, '', { rsv: 4 }),
    closeFrame(1000),
  )
  await client.until(() => client.ended)
  assert.is(client.closeCode, 1000)
  assert.equal(messages, [first, first, 'before after', '', '', ''])
  client.socket.destroy()
})

test('S-44: sends a message uncompressed with compress: false', async (t) => {
  const { port, connections } = await startEcho(t, { deflate: { threshold: 0 } })
  const client = await RawClient.open(port, { headers: OFFER })
  connections[0].send('secret '.repeat(100), { compress: false })
  connections[0].send('public '.repeat(100))
  const [secret, open] = await client.receive(2)
  assert.equal([secret.first, secret.payload.toString()], [0x81, 'secret '.repeat(100)])
  assert.is(open.first, 0xc1)
  client.socket.destroy()
})

test('S-58: delivers JSON as the text that it is, __proto__ and all', async (t) => {
  const { port, messages } = await keeper(t, {})
  const text = '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}'
  const client = await RawClient.open(port)
  client.sendText(text)
  await client.close()
  assert.equal(messages, [text])
  assert.is(({} as { isAdmin?: boolean }).isAdmin, undefined)
})
