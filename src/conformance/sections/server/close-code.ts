import { describeInbound, type Peer } from '../../peer/index.ts'
import { type Case, expectCleanClose, expectFailure, inParallel, type Trial } from '../../script/index.ts'
import { closeBody, hex, Op } from '../../wire/index.ts'

async function openAndClose(t: Trial, body: Uint8Array): Promise<Peer> {
  const peer = await t.open()
  await peer.sendFrame({ opcode: Op.CLOSE, payload: body })
  return peer
}

/**
 * Makes a case for “a clean close with X” of the catalogue: a Close with this code, 1000 or no code, then the end of
 * TCP.
 */
function clean(id: string, body: (t: Trial) => Buffer): Case {
  return {
    id: `close.${id}`,
    async run(t) {
      const sent = body(t)
      const code = sent.length === 0 ? null : sent.readUInt16BE(0)
      await expectCleanClose(t, await openAndClose(t, sent), { code, sent: true, strict: true })
    },
  }
}

function refused(id: string, body: Uint8Array, codes: readonly number[] = [1002]): Case {
  return {
    id: `close.${id}`,
    run: async (t) => expectFailure(t, await openAndClose(t, body), codes, { isAnswerDue: true }),
  }
}

/** Makes a case with a code that no RFC defines: the outcome is noted. */
function reported(id: string, code: number): Case {
  return {
    id: `close.${id}`,
    async run(t) {
      const peer = await openAndClose(t, closeBody(code))
      t.note(`reply to ${code}: ${describeInbound(await peer.nextMeaningful(), t.timeout)}`)
    },
  }
}

const VALID = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3500, 3999, 4000, 4001, 4500,
  4999,
]
const INVALID = [0, 1, 500, 999, 1004, 1005, 1006, 1015, 1016, 1017, 1100, 1999, 2000, 2999]

/** 123 bytes with code points of two, three and four bytes. */
const MIXED_REASON = `${'äöü'.repeat(3)}${'€語'.repeat(7)}${'😀'.repeat(15)}abc`

/** Reasons that are not UTF-8 (RFC 3629 §3). */
const BAD_REASONS: Record<string, string> = {
  utf8: 'cebae1bdb9cf83cebcceb5eda080656469746564',
  truncated: 'e282',
  overlong: 'c0af',
  surrogate: 'eda080',
  'above-max': 'f4908080',
  ff: 'ff',
}

async function replyToEmpty(t: Trial): Promise<void> {
  const peer = await openAndClose(t, Buffer.alloc(0))
  const { code } = await peer.expectClose()
  const isReserved = code !== null && [1005, 1006, 1015].includes(code)
  t.require(!isReserved, 'no code that is reserved for local use', code === null ? 'no code' : String(code))
}

async function echoOfCode(t: Trial): Promise<void> {
  for (const code of [1000, 1001, 3000, 4000]) {
    const peer = await openAndClose(t, closeBody(code))
    t.note(`${code}: ${describeInbound(await peer.nextMeaningful(), t.timeout)}`)
  }
}

const SAMPLES = 400
const ALL_CODES = Array.from({ length: 65536 }, (_, code) => code)
/** The limits of the ranges and the defined codes, which every run sends. */
const LANDMARKS = [0, 999, ...ALL_CODES.slice(1000, 1020), 1999, 2000, 2999, 3000, 3999, 4000, 4999, 5000, 65535]
/** How many connections are open at the same time. */
const WIDTH = 8
/** Milliseconds for all codes together. */
const SWEEP_LIMIT = 900_000

async function sweep(t: Trial): Promise<void> {
  const samples = Array.from({ length: SAMPLES - LANDMARKS.length }, () => t.random.integer(0, 65535))
  const codes = t.context.long ? ALL_CODES : [...new Set([...LANDMARKS, ...samples])]
  const replies = new Map<string, number[]>()
  await inParallel(codes, WIDTH, async (code) => {
    const peer = await openAndClose(t, closeBody(code))
    const event = await peer.nextMeaningful()
    const reply =
      event?.kind === 'close' ? (event.code === code ? 'same code' : `${event.code ?? 'empty'}`) : 'no Close'
    replies.set(reply, [...(replies.get(reply) ?? []), code])
    await peer.waitForEnd()
    t.release(peer)
  })
  const table = [...replies].map(([reply, given]) => [
    reply,
    rangesOf(
      given.sort((a, b) => a - b),
      codes,
    ),
  ])
  t.observe('close_code_replies', Object.fromEntries(table))
}

/** Formats codes as ranges, `1000-1003, 1007`. Codes that are adjacent among those that were sent form a range. */
export function rangesOf(given: readonly number[], asked: readonly number[]): string {
  const place = new Map([...asked].sort((a, b) => a - b).map((code, index) => [code, index]))
  const ranges: [number, number][] = []
  for (const code of given) {
    const last = ranges.at(-1)
    if (last !== undefined && place.get(code) === (place.get(last[1]) ?? 0) + 1) last[1] = code
    else ranges.push([code, code])
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(', ')
}

/** The body of a Close: code and reason (RFC 6455 §5.5.1, §7.4): `close`. */
export const closeCodes: Case[] = [
  clean('empty', () => Buffer.alloc(0)),
  refused('1-byte', hex('61')),
  clean('2-byte', () => closeBody(1000)),
  clean('reason', () => closeBody(1000, 'Hello World!')),
  clean('reason-1', (t) => closeBody(1000, t.random.text(1))),
  clean('reason-122', (t) => closeBody(1000, t.random.text(122))),
  clean('reason-123', () => closeBody(1000, '*'.repeat(123))),
  clean('reason-utf8', () => closeBody(1000, MIXED_REASON)),
  clean('reason-nul', () => closeBody(1000, 'a\0b')),
  refused('reason-124', closeBody(1000, '*'.repeat(124))),
  ...Object.entries(BAD_REASONS).map(([id, bytes]) =>
    refused(`reason-bad-${id}`, closeBody(1000, hex(bytes)), [1007, 1002]),
  ),
  refused('bad-code-bad-reason', closeBody(1005, hex('ff')), [1002, 1007]),
  ...VALID.map((code) => clean(`valid-${code}`, () => closeBody(code))),
  ...INVALID.map((code) => refused(`invalid-${code}`, closeBody(code))),
  reported('code-5000', 5000),
  reported('code-65535', 65535),
  reported('invalid-5001', 5001),
  reported('invalid-59395', 59395),
  { id: 'close.empty-reply-code', run: replyToEmpty },
  { id: 'close.echo-code', run: echoOfCode },
  { id: 'close.sweep', phase: 'alone', limit: SWEEP_LIMIT, run: sweep },
]
