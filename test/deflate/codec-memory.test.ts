import { MemoryBudget } from '../../src/deflate/budget.ts'
import type { DeflateCodec } from '../../src/deflate/codec.ts'
import { assert, suite } from '../support/unit.ts'
import { hex } from '../support/wire.ts'
import { deflate, inflate, makeCodec, prose, randomBytes } from './message.ts'
import { payloadOf, peerInflater } from './peer-stream.ts'

const test = suite('deflate codec memory')
const MIB = 1024 * 1024

test('uses no memory after release, also while a message waits for the thread pool', () => {
  const codec = makeCodec()
  codec.decompress(payloadOf(randomBytes(MIB)), MIB, () => assert.unreachable('inflated'))
  assert.ok(codec.memoryUsed > MIB)
  codec.release()
  assert.is(codec.memoryUsed, 0)
})

test('nothing is called back after release, wherever the work is', async () => {
  const budget = new MemoryBudget()
  const large = Buffer.alloc(4 * MIB, prose(10_000))
  const payload = payloadOf(large)
  const codecs = Array.from({ length: 12 }, () => makeCodec({ budget }))
  for (const codec of codecs) {
    codec.decompress(payload, 16 * MIB, () => assert.unreachable('inflated'))
    codec.compress(large, () => assert.unreachable('deflated'))
  }
  assert.ok(budget.used > 0)
  for (const [index, codec] of codecs.entries()) {
    if (index % 2 === 0) await new Promise(setImmediate)
    codec.release()
    codec.release()
  }
  assert.is(budget.used, 0)
  assert.is(budget.promised, 0)
  const other = makeCodec({ budget })
  assert.is((await inflate(other, payload)).length, large.length)
  other.decompress(payload, 16 * MIB, () => assert.unreachable('inflated'))
  other.release()
  other.decompress(hex('00'), 16, () => assert.unreachable('released'))
  other.compress(large, () => assert.unreachable('released'))
  assert.is(budget.used, 0)
})

/** Passes so many messages through a codec that its histories are full. */
async function fill(codec: DeflateCodec): Promise<void> {
  await inflate(codec, payloadOf(prose(40_000)))
  await deflate(codec, prose(40_000))
}

test('a connection stores its last messages, at most the window of the client and 4 KiB of its own', async (t) => {
  const budget = new MemoryBudget()
  const codec = makeCodec({ budget })
  t.after(() => codec.release())
  assert.is(budget.used, 0)
  assert.is(budget.promised, 32_768)
  await inflate(codec, payloadOf(prose(1024)))
  await deflate(codec, prose(1024))
  assert.is(budget.used, 2048)
  await fill(codec)
  assert.is(budget.used, 32_768 + 4096)
})

test('without context takeover a connection stores nothing', async (t) => {
  const budget = new MemoryBudget()
  const codec = makeCodec({ budget, parameters: { serverContextTakeover: false, clientContextTakeover: false } })
  t.after(() => codec.release())
  await fill(codec)
  assert.is(budget.used, 0)
  assert.is(budget.promised, 0)
})

test('a smaller window of the client promises less', () => {
  const budget = new MemoryBudget()
  const codec = makeCodec({ budget, parameters: { clientMaxWindowBits: 10 } })
  assert.is(budget.promised, 1024)
  codec.release()
})

test('when the memory is spent messages go out uncompressed, and what arrives is still read', async (t) => {
  const budget = new MemoryBudget()
  const codec = makeCodec({ budget, options: { maxCompressionMemory: 1_000_000 } })
  t.after(() => codec.release())
  assert.ok(codec.wantsCompression(2000))
  budget.hold(1_000_000)
  assert.not(codec.wantsCompression(2000))
  assert.is((await inflate(codec, payloadOf(prose(5000)))).length, 5000)
  budget.hold(-1_000_000)
  assert.ok(codec.wantsCompression(2000))
})

test('a compressor that forgets for lack of memory is still understood', async (t) => {
  const budget = new MemoryBudget()
  const codec = makeCodec({ budget, options: { maxCompressionMemory: 1_000_000 } })
  t.after(() => codec.release())
  const peer = peerInflater()
  for (const held of [0, 1_000_000, 0, 0]) {
    budget.hold(held)
    const payload = await deflate(codec, prose(3000))
    assert.ok((await peer(payload!)).equals(prose(3000)))
    assert.is(budget.used, held === 0 ? 4096 : held)
    budget.hold(-held)
  }
})

test('large messages that wait for the thread pool count as memory in use', async (t) => {
  const budget = new MemoryBudget()
  const codec = makeCodec({ budget, options: { maxCompressionMemory: 3 * MIB } })
  t.after(() => codec.release())
  const deflated = deflate(codec, Buffer.alloc(MIB))
  assert.ok(budget.used > 2 * MIB)
  assert.not(codec.wantsCompression(MIB))
  await deflated
  assert.ok(codec.wantsCompression(MIB))
})

test('a payload over 8 KiB is passed to the thread pool, and counts as memory in use until it is inflated', async (t) => {
  const codec = makeCodec()
  t.after(() => codec.release())
  assert.is(codec.memoryUsed, 0)
  const payload = Buffer.concat([Buffer.alloc(10_000, hex('000000ffff')), hex('00')])
  const message = inflate(codec, payload)
  assert.ok(codec.memoryUsed >= payload.length && codec.memoryUsed < payload.length + 2048)
  assert.is((await message).length, 0)
  assert.is(codec.memoryUsed, 0)
})
