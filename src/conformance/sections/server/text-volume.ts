import type { Peer } from '../../peer/index.ts'
import {
  type Case,
  expectAll,
  expectCleanClose,
  expectEcho,
  expectFailure,
  expectRoundTrip,
  inParallel,
  needEcho,
  skipIfLimited,
  type Trial,
  timeoutFor,
} from '../../script/index.ts'
import { isUtf8, Op } from '../../wire/index.ts'

/** How many connections of one case are open at the same time. */
const WIDTH = 8
/** Offsets that include the limit between the first two forms of the length. */
const OFFSETS = Array.from({ length: 131 }, (_, index) => index)
const MEBIBYTE = 1024 * 1024
/** How many invalid two-byte strings are sent without `--long`. */
const SAMPLES = 256

/** Sends each text on a separate connection, which must fail with 1007 (RFC 6455 §8.1). */
async function expectAllFail(t: Trial, texts: readonly Buffer[], name: (text: Buffer) => string): Promise<void> {
  const tryOne = async (text: Buffer): Promise<void> => {
    const peer = await t.open()
    await peer.sendFrame({ opcode: Op.TEXT, payload: text })
    try {
      await expectFailure(t, peer, [1007])
    } catch (error) {
      t.note(`fails for ${name(text)}`)
      throw error
    }
    t.release(peer)
  }
  await expectAll(t, `${texts.length} times Close 1007`, () => inParallel(texts, WIDTH, tryOne))
}

/** Sends a long text message. Skips the case when the target does not accept this size. */
async function sendLong(t: Trial, payload: Buffer): Promise<Peer> {
  if (payload.length > t.context.maxMessage) t.skip(`needs --max-message ${payload.length}`)
  const peer = await t.open()
  await peer.sendFrame({ opcode: Op.TEXT, payload })
  const event = await peer.nextMeaningful(timeoutFor(t, payload.length))
  if (event?.kind === 'close' || event?.kind === 'end') skipIfLimited(t, peer)
  if (event !== null) peer.unshift(event)
  return peer
}

/** Returns all code points except the surrogates, in order (RFC 3629 §3). */
function allCodePoints(): Buffer {
  const units = new Uint16Array(0x10000 - 0x800 + 2 * 0x100000)
  let length = 0
  for (let unit = 0; unit < 0x10000; unit++) if (unit < 0xd800 || unit >= 0xe000) units[length++] = unit
  for (let high = 0xd800; high < 0xdc00; high++) {
    for (let low = 0xdc00; low < 0xe000; low++) {
      units[length++] = high
      units[length++] = low
    }
  }
  return Buffer.from(Buffer.from(units.buffer).toString('utf16le'))
}

async function echoAllCodePoints(t: Trial): Promise<void> {
  needEcho(t)
  const payload = allCodePoints()
  const peer = await sendLong(t, payload)
  await expectEcho(t, peer, payload)
  await expectCleanClose(t, peer)
}

/**
 * Sends all texts of two bytes: the valid ones in one message, and the invalid ones, or a sample of them, on separate
 * connections.
 */
async function tryAllPairs(t: Trial): Promise<void> {
  const pairs = Array.from({ length: 0x10000 }, (_, index) => Buffer.from([index >> 8, index & 0xff]))
  const peer = await t.open()
  await expectRoundTrip(t, peer, { payload: Buffer.concat(pairs.filter(isUtf8)) })
  await expectCleanClose(t, peer)
  const invalid = t.random.shuffle(pairs.filter((pair) => !isUtf8(pair)))
  await expectAllFail(t, t.context.long ? invalid : invalid.slice(0, SAMPLES), (pair) => pair.toString('hex'))
}

function asciiWith(offset: number): Buffer {
  const text = Buffer.alloc(OFFSETS.length, 0x61)
  text[offset] = 0xff
  return text
}

async function straddleOffsets(t: Trial): Promise<void> {
  const peer = await t.open()
  for (const offset of OFFSETS) await expectRoundTrip(t, peer, { payload: `${'a'.repeat(offset)}😀` })
  await expectCleanClose(t, peer)
}

async function failAtLastOfMebibyte(t: Trial): Promise<void> {
  const payload = Buffer.alloc(MEBIBYTE, 0x61)
  payload[MEBIBYTE - 1] = 0xff
  await expectFailure(t, await sendLong(t, payload), [1007])
}

/** Many or long text messages (RFC 6455 §8.1): `utf8`. */
export const textVolume: Case[] = [
  { id: 'utf8.all-codepoints', run: echoAllCodePoints },
  { id: 'utf8.all-2-byte-pairs', needs: ['echo'], limit: 300_000, run: tryAllPairs },
  {
    id: 'utf8.bad-at-offset',
    run: (t) => expectAllFail(t, OFFSETS.map(asciiWith), (text) => `ff at offset ${text.indexOf(0xff)}`),
  },
  { id: 'utf8.straddle-offset', run: straddleOffsets },
  { id: 'utf8.bad-last-of-1m', run: failAtLastOfMebibyte },
]
