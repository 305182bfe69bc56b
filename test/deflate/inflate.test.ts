import { constants, deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import type { ProtocolError } from '../../src/core/errors.ts'
import { inflateNow } from '../../src/deflate/inflate.ts'
import { InflateJob } from '../../src/deflate/inflate-job.ts'
import { damaged } from '../support/arbitrary.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { hex } from '../support/wire.ts'
import { farthestCopy, prose, randomBytes } from './message.ts'
import { slowInflate } from './slow-inflate.ts'

const test = suite('inflate')
const none = Buffer.alloc(0)
const roomy = 2 ** 24

type Inflate = (payload: Uint8Array, history?: Buffer, limit?: number) => Promise<Buffer>

/** The two ways to inflate a message: at once, and in the thread pool. Every rule applies to both. */
const ways: Record<string, Inflate> = {
  'at once': async (payload, history = none, limit = roomy) => inflateNow(payload, history, limit, roomy)!,
  'in the thread pool': (payload, history = none, limit = roomy) =>
    new Promise((resolve, reject) => {
      const job = new InflateJob(payload, history, limit, (error, message) =>
        error ? reject(error) : resolve(message),
      )
      job.start(() => {})
    }),
}

function onBothWays(sentence: string, body: (inflate: Inflate) => Promise<void>): void {
  for (const [way, inflate] of Object.entries(ways)) test(`${way}: ${sentence}`, () => body(inflate))
}

const payloadOf = (message: Uint8Array, options = {}) =>
  deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH, ...options }).subarray(0, -4)
const finalOf = (message: Uint8Array) => deflateRawSync(message)

async function failsWith(code: number, action: () => Promise<unknown>, what: string): Promise<void> {
  const error = (await thrownBy(action)) as ProtocolError
  assert.is(error.closeCode, code, `${what}: ${error.message}`)
}

onBothWays('reads the examples of RFC 7692 §7.2.3', async (inflate) => {
  const examples = {
    'one fixed block': 'f248cdc9c90700',
    'stored block': '000500faff48656c6c6f00',
    'BFINAL 1': 'f348cdc9c9070000',
    'two blocks': 'f248050000 00ffff cac9c90700',
    'empty last fragment': 'f248cdc9c907000000ffff 00',
  }
  for (const [title, payload] of Object.entries(examples)) {
    assert.is((await inflate(hex(payload))).toString(), 'Hello', title)
  }
  assert.is((await inflate(hex('f200110000'), Buffer.from('Hello'))).toString(), 'Hello', 'shared window')
})

onBothWays('reads every encoding of an empty message', async (inflate) => {
  for (const payload of ['00', '0200', '030000', '00 0000ffff 00']) assert.is((await inflate(hex(payload))).length, 0)
})

onBothWays('reads blocks after a final one, with the window from before it', async (inflate) => {
  const first = prose(40_000, 1)
  const second = first.subarray(9000, 20_000)
  const dictionary = first.subarray(-32_768)
  const payload = Buffer.concat([finalOf(first), payloadOf(second, { dictionary })])
  assert.ok((await inflate(payload)).equals(Buffer.concat([first, second])))
  const history = prose(5000, 7)
  const short = Buffer.concat([
    finalOf(Buffer.from('x')),
    payloadOf(history, { dictionary: Buffer.concat([history, Buffer.from('x')]) }),
  ])
  assert.ok((await inflate(short, history)).equals(Buffer.concat([Buffer.from('x'), history])))
})

onBothWays('reads a final block with nothing behind it', async (inflate) => {
  assert.is((await inflate(hex('f348cdc9c90700'))).toString(), 'Hello')
  const endsLikeTheTail = hex('41 0000ffff')
  assert.ok((await inflate(finalOf(endsLikeTheTail))).equals(endsLikeTheTail))
})

onBothWays('reads every level, strategy and flush of zlib', async (inflate) => {
  const message = Buffer.concat([prose(32_768), randomBytes(8192), prose(24_576, 2)])
  for (let level = 0; level <= 9; level++) assert.ok((await inflate(payloadOf(message, { level }))).equals(message))
  for (const strategy of ['Z_FILTERED', 'Z_HUFFMAN_ONLY', 'Z_RLE', 'Z_FIXED'] as const) {
    assert.ok((await inflate(payloadOf(message, { strategy: constants[strategy] }))).equals(message), strategy)
  }
  const bytewise = [...prose(256)].map((byte) => Buffer.concat([payloadOf(Buffer.of(byte)), hex('0000ffff')]))
  assert.ok((await inflate(Buffer.concat([...bytewise, hex('00')]))).equals(prose(256)))
})

onBothWays('reads a thousand empty blocks before the first full one', async (inflate) => {
  const payload = Buffer.concat([Buffer.alloc(5000, hex('000000ffff')), hex('f248cdc9c90700')])
  assert.is((await inflate(payload)).toString(), 'Hello')
})

onBothWays('reads a distance of 32,768, within a message and back into the window', async (inflate) => {
  const random = randomBytes(32_768)
  const stored = Buffer.concat([hex('00 0080 ff7f'), random])
  assert.ok(
    (await inflate(Buffer.concat([stored, farthestCopy]))).equals(Buffer.concat([random, random.subarray(0, 258)])),
  )
  assert.ok((await inflate(farthestCopy, random)).equals(random.subarray(0, 258)))
})

onBothWays('fails with 1007 on data that is not DEFLATE', async (inflate) => {
  const bad = {
    'reserved block type': '06',
    'random bytes': 'ffffffffffffffffffffffffffffffff',
    'stored block with wrong check': '000500000048656c6c6f00',
    'distance before the start': 'f200110000',
    'zlib header': '789cf248cdc9c9070058c1f5',
    'gzip header': '1f8b0800000000000003f248cdc9c90700',
    'tail not removed': 'f248cdc9c907000000ffff',
    'garbage after a final block': 'f348cdc9c90700 ffff',
    'over-subscribed code lengths': '04 c0 ff ff ff ff ff ff',
    'length code 286': '1b03',
  }
  for (const [what, payload] of Object.entries(bad)) await failsWith(1007, () => inflate(hex(payload)), what)
})

onBothWays('fails with 1007 wherever a message is cut, and never passes on a part of it', async (inflate) => {
  const text = prose(300)
  const payloads = {
    fixed: payloadOf(text, { strategy: constants.Z_FIXED }),
    dynamic: payloadOf(prose(900)),
    stored: payloadOf(text.subarray(0, 40), { level: 0 }),
    'final stored': Buffer.concat([deflateRawSync(text.subarray(0, 40), { level: 0 }), hex('00')]),
    'final dynamic': Buffer.concat([deflateRawSync(prose(900)), hex('00')]),
  }
  for (const [what, payload] of Object.entries(payloads)) {
    const isFinal = what.startsWith('final')
    // The first byte of a stored block alone is the empty message. A final block without an empty block after it is
    // complete.
    for (let length = 2; length < payload.length - (isFinal ? 1 : 0); length++) {
      await failsWith(1007, () => inflate(payload.subarray(0, length)), `${what} cut to ${length}`)
    }
  }
})

onBothWays('delivers a message that ends with the bytes of the tail', async (inflate) => {
  for (const end of ['0000ffff', '00000000ffff', '0000ffff010000ffff', '0100feff00010000ffff0000ffff']) {
    const message = Buffer.concat([prose(50), hex(end)])
    assert.ok((await inflate(payloadOf(message))).equals(message))
    assert.ok((await inflate(payloadOf(message, { level: 0 }), none, message.length)).equals(message))
  }
})

onBothWays('delivers limit − 1 and limit whole, and fails limit + 1 and limit + 2 with 1009', async (inflate) => {
  for (const limit of [0, 1, 63, 64, 65, 1000, 2048, 65_535, 65_536, 200_000]) {
    for (const make of [
      prose,
      randomBytes,
      (size: number) => Buffer.alloc(size),
      (size: number) => Buffer.alloc(size, hex('0000ffff')),
    ]) {
      for (const size of [limit - 1, limit].filter((size) => size >= 0)) {
        assert.ok((await inflate(payloadOf(make(size)), none, limit)).equals(make(size)), `${size} of ${limit}`)
      }
      for (const size of [limit + 1, limit + 2]) {
        await failsWith(1009, () => inflate(payloadOf(make(size)), none, limit), `${size} of ${limit}`)
      }
    }
  }
})

onBothWays('counts what came before a final block towards the limit', async (inflate) => {
  const payload = Buffer.concat([finalOf(prose(600)), payloadOf(prose(401))])
  assert.is((await inflate(payload, none, 1001)).length, 1001)
  await failsWith(1009, () => inflate(payload, none, 1000), 'one byte too many')
})

test('leaves long messages to the thread pool, unless they are over the limit anyway', async () => {
  const payload = payloadOf(prose(5000))
  assert.is(inflateNow(payload, none, roomy, 4999), null)
  assert.is(inflateNow(payload, none, roomy, 5000)?.length, 5000)
  await failsWith(1009, async () => inflateNow(payload, none, 4999, 4999), 'limit and worth alike')
  assert.is(inflateNow(Buffer.alloc(20, hex('0300')), none, roomy, roomy), null, 'ten final blocks')
})

test('fails with 1008 on more final blocks than any sender needs', async () => {
  const inflate = ways['in the thread pool']
  assert.is((await inflate(Buffer.alloc(500, hex('0300')))).length, 0)
  await failsWith(1008, () => inflate(Buffer.alloc(600, hex('0300'))), '300 final blocks')
})

test('agrees with a decoder written from the RFC', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const message = Buffer.concat([prose(seed * 97, seed), randomBytes(seed * 31, seed)])
    const payload = payloadOf(message, { level: (seed % 9) + 1 })
    const slow = slowInflate(Buffer.concat([payload, hex('0000ffff')]))
    assert.ok(inflateNow(payload, none, roomy, roomy)?.equals(Buffer.from(slow.output)))
  }
})

/**
 * Decompresses a payload by the words of the RFC: whole blocks, of which the last is the empty block without its tail.
 */
function slowMessage(payload: Buffer): Buffer | null {
  const readings: [Buffer, (last?: { isFinal: boolean; type: number }) => boolean | undefined][] = [
    [Buffer.concat([payload, hex('0000ffff')]), (last) => last && !last.isFinal && last.type === 0],
    [payload, (last) => last?.isFinal],
  ]
  for (const [bytes, isWhole] of readings) {
    try {
      const { output, blocks } = slowInflate(bytes)
      if (isWhole(blocks.at(-1))) return Buffer.from(output)
    } catch {
      // Not this reading.
    }
  }
  return null
}

test('returns from damaged data only what that decoder also reads', () => {
  const sources = [payloadOf(prose(60)), payloadOf(prose(400)), finalOf(prose(50)), payloadOf(prose(30), { level: 0 })]
  let accepted = 0
  const agrees = fc.property(damaged(fc.constantFrom(...sources)), (payload) => {
    let message: Buffer | null = null
    try {
      message = inflateNow(payload, none, roomy, roomy)
    } catch (error) {
      assert.is((error as ProtocolError).closeCode, 1007)
    }
    if (message === null) return
    accepted++
    assert.ok(slowMessage(payload)?.equals(message))
  })
  fc.assert(agrees, { seed: 11, numRuns: 6000 })
  assert.ok(accepted > 500)
})

test('a stopped job calls no callback', async () => {
  const payload = payloadOf(Buffer.alloc(4_000_000))
  const job = new InflateJob(payload, none, roomy, () => assert.unreachable('called back'))
  job.start(() => assert.unreachable('finished'))
  await new Promise<void>((resolve) => job.stop(resolve))
  await ways['in the thread pool'](payload)
})

test('a stopped job is released when the thread pool has finished with it, or at once when it does not use the thread pool', async () => {
  const jobs = {
    data: payloadOf(Buffer.alloc(4_000_000)),
    nothing: Buffer.alloc(1_000_000),
    error: Buffer.alloc(9, 0xff),
  }
  for (const [name, payload] of Object.entries(jobs)) {
    const job = new InflateJob(payload, none, roomy, () => assert.unreachable('called back'))
    let isReleased = false
    job.start(() => assert.unreachable('finished'))
    const released = new Promise<void>((resolve) => {
      job.stop(() => {
        isReleased = true
        resolve()
      })
    })
    assert.not(isReleased, name)
    await released
  }
  let isReleased = false
  const job = new InflateJob(none, none, roomy, () => assert.unreachable('called back'))
  job.stop(() => {
    isReleased = true
  })
  assert.ok(isReleased)
})
