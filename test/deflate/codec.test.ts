import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import type { ProtocolError } from '../../src/core/errors.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { hex } from '../support/wire.ts'
import { deflate, farthestCopy, inflate, makeCodec, prose, randomBytes } from './message.ts'
import { payloadOf, peerDeflater, peerInflater } from './peer-stream.ts'

const test = suite('deflate codec')
const tail = hex('0000ffff')
const MIB = 1024 * 1024
const sizes = [0, 1, 2, 15, 125, 126, 1023, 1024, 1025, 4096, 4097, 16_384, 16_385, 65_535, 65_536, 65_537, 262_144]

for (const clientMaxWindowBits of [9, 12, 15]) {
  test(`reads a stream of ${clientMaxWindowBits} bits that refers back over all sizes`, async (t) => {
    const codec = makeCodec({ parameters: { clientMaxWindowBits } })
    t.after(() => codec.release())
    const peer = peerDeflater({ windowBits: clientMaxWindowBits })
    for (const [seed, size] of [...sizes, ...[...sizes].reverse()].entries()) {
      for (const message of [prose(size, seed), randomBytes(size, seed % 3)]) {
        assert.ok((await inflate(codec, await peer(message))).equals(message), `${size} bytes`)
      }
    }
  })
}

for (const serverMaxWindowBits of [8, 9, 12, 15]) {
  test(`a stream of ${serverMaxWindowBits} bits reads what is sent with context takeover`, async (t) => {
    const codec = makeCodec({ parameters: { serverMaxWindowBits } })
    t.after(() => codec.release())
    const peer = peerInflater({ windowBits: serverMaxWindowBits })
    let compressedCount = 0
    for (const [seed, size] of [...sizes, ...[...sizes].reverse()].entries()) {
      for (const message of [prose(size, seed), randomBytes(size, seed % 3)]) {
        const payload = await deflate(codec, message)
        if (payload === null) continue
        compressedCount++
        assert.ok(payload.length < message.length)
        assert.ok((await peer(payload)).equals(message), `${size} bytes`)
      }
    }
    assert.ok(compressedCount >= sizes.length)
  })
}

test('with context takeover a repeated message needs only a few bytes', async (t) => {
  const codec = makeCodec()
  t.after(() => codec.release())
  const first = await deflate(codec, prose(1000))
  const second = await deflate(codec, prose(1000))
  assert.ok(first!.length > 200 && second!.length < 30)
})

test('without context takeover every message is independent', async (t) => {
  const codec = makeCodec({ parameters: { serverContextTakeover: false, clientContextTakeover: false } })
  t.after(() => codec.release())
  for (const size of [5, 1000, 1000, 100_000, 1000]) {
    const payload = await deflate(codec, Buffer.alloc(size, 'Hello'))
    if (payload !== null) assert.is(inflateRawSync(Buffer.concat([payload, hex('0000ffff 010000ffff')])).length, size)
  }
  assert.is((await inflate(codec, hex('f248cdc9c90700'))).toString(), 'Hello')
  const error = (await thrownBy(() => inflate(codec, hex('f200110000')))) as ProtocolError
  assert.is(error.closeCode, 1007)
})

test('the window survives a final block, an empty message and a long one', async (t) => {
  const codec = makeCodec()
  t.after(() => codec.release())
  for (const spelling of ['f348cdc9c9070000', 'f348cdc9c90700']) {
    assert.is((await inflate(codec, hex(spelling))).toString(), 'Hello')
    for (const empty of ['', '00', '030000']) assert.is((await inflate(codec, hex(empty))).length, 0)
    assert.is((await inflate(codec, hex('f200110000'))).toString(), 'Hello')
  }
  const long = prose(1_000_000)
  assert.ok((await inflate(codec, payloadOf(long))).equals(long))
  const again = deflateRawSync(long.subarray(-32_000), {
    finishFlush: constants.Z_SYNC_FLUSH,
    dictionary: long.subarray(-32_768),
  })
  assert.ok(again.length < 1000)
  assert.ok((await inflate(codec, again.subarray(0, -4))).equals(long.subarray(-32_000)))
})

test('reads a reference to the first of 32,768 bytes of the message before', async (t) => {
  const codec = makeCodec()
  t.after(() => codec.release())
  const random = randomBytes(32_768)
  await inflate(codec, payloadOf(random))
  assert.ok((await inflate(codec, farthestCopy)).equals(random.subarray(0, 258)))
})

test('small messages are done before the call returns', () => {
  const codec = makeCodec()
  let count = 0
  codec.decompress(payloadOf(prose(1024)), MIB, () => count++)
  codec.compress(prose(1024), () => count++)
  assert.is(count, 2)
  codec.release()
})

test('a message that would not get shorter is sent uncompressed and is not in the window', async (t) => {
  const codec = makeCodec()
  t.after(() => codec.release())
  const random = randomBytes(2000)
  assert.is(await deflate(codec, random), null)
  assert.is(await deflate(codec, random), null)
  assert.is(await deflate(codec, Buffer.alloc(0)), null)
})

test('compresses no message below the threshold', () => {
  const codec = makeCodec({ options: { threshold: 1024 } })
  assert.not(codec.wantsCompression(1023))
  assert.ok(codec.wantsCompression(1024))
  codec.release()
  assert.not(codec.wantsCompression(1024))
})

test('a limit applies to small and large messages: 1009, and nothing is delivered', async (t) => {
  const codec = makeCodec()
  t.after(() => codec.release())
  for (const limit of [1000, 4096, 4097, 262_144, 300_000, 2 * MIB]) {
    for (const size of [limit - 1, limit]) {
      assert.ok((await inflate(codec, payloadOf(prose(size)), limit)).equals(prose(size)), `${size} of ${limit}`)
    }
    for (const size of [limit + 1, limit + 2]) {
      const error = (await thrownBy(() => inflate(codec, payloadOf(prose(size)), limit))) as ProtocolError
      assert.is(error.closeCode, 1009, `${size} of ${limit}`)
    }
  }
})

test('bad data is 1007, in a large message too', async (t) => {
  const codec = makeCodec()
  t.after(() => codec.release())
  const large = payloadOf(randomBytes(200_000))
  for (const payload of [hex('06'), large.subarray(0, -1), large.subarray(0, 100_000)]) {
    const error = (await thrownBy(() => inflate(codec, payload))) as ProtocolError
    assert.is(error.closeCode, 1007)
  }
})

test('a large message may be overwritten once the call has returned, unless it is owned', async (t) => {
  const codec = makeCodec()
  t.after(() => codec.release())
  const message = Buffer.concat([randomBytes(100_000), prose(100_000)])
  const payload = payloadOf(message)
  for (const isOwned of [false, true]) {
    const bytes = Buffer.from(payload)
    const inflated = new Promise<Uint8Array>((resolve) =>
      codec.decompress(bytes, MIB, (_, whole) => resolve(whole), isOwned),
    )
    if (!isOwned) bytes.fill(0xff)
    assert.ok(message.equals(await inflated))
    const text = Buffer.from(message)
    const deflated = new Promise<Uint8Array | null>((resolve) => codec.compress(text, resolve, isOwned))
    if (!isOwned) text.fill(0xff)
    const result = inflateRawSync(Buffer.concat([(await deflated)!, tail]), {
      finishFlush: constants.Z_SYNC_FLUSH,
      dictionary: isOwned ? message : undefined,
    })
    assert.ok(result.equals(message))
  }
})

/** Runs the action. Resolves to the number of turns of the event loop that it took. */
async function countTurns(action: () => Promise<unknown>): Promise<number> {
  let turns = 0
  let isDone = false
  const count = (): void => {
    turns++
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  await action()
  isDone = true
  return turns
}

test('other callbacks run while a message of 16 MiB is inflated and deflated', async (t) => {
  const codec = makeCodec()
  t.after(() => codec.release())
  const message = Buffer.alloc(16 * MIB, prose(100_000))
  const payload = payloadOf(message)
  assert.ok((await countTurns(() => inflate(codec, payload, 16 * MIB))) > 100)
  const random = Buffer.concat([randomBytes(8 * MIB), message.subarray(0, 8 * MIB)])
  assert.ok((await countTurns(() => deflate(codec, random))) > 50)
})

test('other callbacks run between many small messages that inflate to large ones', async (t) => {
  const codec = makeCodec()
  t.after(() => codec.release())
  const payload = payloadOf(Buffer.alloc(250_000))
  assert.ok(payload.length < 300)
  const turns = await countTurns(async () => {
    for (let index = 0; index < 40; index++) assert.is((await inflate(codec, payload)).length, 250_000)
  })
  assert.ok(turns >= 10, `only ${turns} turns`)
})

test('input counts as well as output: a flood of payloads without output leaves the event loop to others', async (t) => {
  const codec = makeCodec()
  t.after(() => codec.release())
  const payload = Buffer.concat([Buffer.alloc(4000, hex('000000ffff')), hex('00')])
  const isDoneNow = (): boolean => {
    let isDone = false
    codec.decompress(payload, 1000, () => {
      isDone = true
    })
    return isDone
  }
  await new Promise((resolve) => setImmediate(resolve))
  let count = 0
  while (count < 100 && isDoneNow()) count++
  assert.ok(count > 0 && count < 10, `${count} at once`)
})
