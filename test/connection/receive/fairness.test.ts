import { constants, deflateRawSync } from 'node:zlib'
import type { Connection } from '../../../src/index.ts'
import { startEcho } from '../../support/echo-server.ts'
import { RawClient } from '../../support/raw-client.ts'
import { assert, suite, type TestContext } from '../../support/unit.ts'
import { frame } from '../../support/wire.ts'

const test = suite('fairness', { timeLimit: 60_000 })

/**
 * Sends `count` copies of a frame at once. Resolves to the maximum number of messages and bytes that were delivered
 * between two turns.
 */
async function flood(t: TestContext, one: Buffer, count: number): Promise<{ messages: number; bytes: number }> {
  const turn = { messages: 0, bytes: 0 }
  const most = { messages: 0, bytes: 0 }
  let delivered = 0
  const { port } = await startEcho(t, { deflate: true }, (connection: Connection) => {
    connection.onMessage = (data) => {
      delivered++
      turn.messages++
      turn.bytes += data.length
    }
  })
  const client = await RawClient.open(port, { headers: ['Sec-WebSocket-Extensions: permessage-deflate'] })
  client.socket.write(Buffer.concat(new Array(count).fill(one)))
  while (delivered < count) {
    await new Promise((resolve) => setImmediate(resolve))
    most.messages = Math.max(most.messages, turn.messages)
    most.bytes = Math.max(most.bytes, turn.bytes)
    turn.messages = 0
    turn.bytes = 0
  }
  client.socket.destroy()
  return most
}

// Two shares may fall between two checks.

test('one connection delivers at most 2,048 messages before the others have their turn', async (t) => {
  for (const [payload, count] of [
    ['', 200_000],
    ['x', 100_000],
    ['ü'.repeat(50), 20_000],
  ] as const) {
    const { messages } = await flood(t, frame(1, payload), count)
    assert.ok(messages <= 2 * 2048, `${messages}`)
  }
})

test('one connection delivers at most the 2 MiB that Node reads before the others have their turn', async (t) => {
  const { bytes } = await flood(t, frame(2, Buffer.alloc(60_000)), 200)
  assert.ok(bytes <= 2 * 2 * 1024 * 1024, `${bytes}`)
})

test('one connection delivers at most 16 KiB of compressed payloads before the others have their turn', async (t) => {
  const deflated = (text: string): Buffer =>
    deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
  const { messages } = await flood(t, frame(1, deflated('text'), { rsv: 4 }), 5_000)
  assert.ok(messages <= 2 * 32, `${messages}`)
})
