import type { Peer } from '../../peer/index.ts'
import {
  type Case,
  expectCleanClose,
  expectEcho,
  expectEchoThenCleanClose,
  expectFailure,
  expectRoundTrip,
  inPieces,
  inPiecesTag,
  needEcho,
  onEach,
  type Trial,
} from '../../script/index.ts'
import { type FrameSpec, hex, Op } from '../../wire/index.ts'

/** `Hello-µ@ßöäüàá-UTF-8!!`, and the number of its bytes up to and including the ä. */
const LATIN = hex('48656c6c6f2dc2b540c39fc3b6c3a4c3bcc3a0c3a12d5554462d382121')
const UP_TO_A_UMLAUT = 15
/** The Greek word in the texts of Autobahn. */
const GREEK = hex('ceba e1bdb9 cf83 cebc ceb5')
const SURROGATE = Buffer.concat([GREEK, hex('eda080'), Buffer.from('edited')])

const EMPTY = Buffer.alloc(0)

/** Returns the frames of one message, one for each piece (RFC 6455 §5.4). */
export function fragmentsOf(pieces: readonly Uint8Array[], opcode: number = Op.TEXT): FrameSpec[] {
  return pieces.map((payload, index) => ({
    opcode: index === 0 ? opcode : Op.CONT,
    payload,
    fin: index === pieces.length - 1,
  }))
}

function octetsOf(bytes: Uint8Array): Buffer[] {
  return [...bytes].map((byte) => Buffer.from([byte]))
}

/** Splits bytes into single ones and an empty last fragment, as Autobahn does. */
function octetsThenEmpty(bytes: Uint8Array): Buffer[] {
  return [...octetsOf(bytes), EMPTY]
}

/** Makes a case that expects the echo of a fragmented message. */
function echoed(id: string, pieces: readonly Uint8Array[], opcode: number = Op.TEXT): Case {
  return {
    id: `utf8.${id}`,
    async run(t) {
      const spec = { opcode, payload: Buffer.concat(pieces), frames: fragmentsOf(pieces, opcode) }
      await expectEchoThenCleanClose(t, await t.open(), spec)
    },
  }
}

/** Makes a case with a fragmented text message that is not UTF-8. */
function refused(id: string, pieces: readonly Uint8Array[]): Case {
  return {
    id: `utf8.${id}`,
    async run(t) {
      const peer = await t.open()
      await peer.sendFrames(fragmentsOf(pieces))
      await expectFailure(t, peer, [1007])
    },
  }
}

/** Makes a case that splits a code point at each point inside it, one connection for each. */
function splitEverywhere(codePoint: string): Case {
  const bytes = Buffer.from(codePoint)
  return {
    id: `utf8.split-${bytes.length}`,
    async run(t) {
      const cuts = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1)
      await onEach(t, cuts, { name: (cut) => `split after byte ${cut}` }, async (cut) => {
        const frames = fragmentsOf([bytes.subarray(0, cut), bytes.subarray(cut)])
        await expectEchoThenCleanClose(t, await t.open(), { payload: bytes, frames })
      })
    },
  }
}

/** Makes a case with a ping that is not UTF-8 between two fragments of a text message (RFC 6455 §5.5.2). */
function pingBetween(id: string, first: Buffer, second: Buffer): Case {
  return {
    id: `utf8.${id}`,
    needs: ['echo'],
    async run(t) {
      const peer = await t.open()
      const [start, end] = fragmentsOf([first, second])
      await peer.sendFrames([start, { opcode: Op.PING, payload: hex('ff') }, end])
      await peer.expectPong(hex('ff'))
      await expectEcho(t, peer, Buffer.concat([first, second]))
      await expectCleanClose(t, peer)
    },
  }
}

async function splitOverSegments(t: Trial): Promise<void> {
  const payload = Buffer.from('😀')
  const HEADER = 6
  const chop = inPieces(t, [HEADER, 1, 1, 1, 1])
  await expectEchoThenCleanClose(t, await t.open(), { payload, chop })
}

/** Sends a binary message that ends inside a code point, which must not affect the next text message. */
async function openAfterBinary(t: Trial): Promise<Peer> {
  needEcho(t)
  const peer = await t.open()
  await expectRoundTrip(t, peer, { opcode: Op.BINARY, payload: hex('e2 82') })
  return peer
}

const [HIGH, MIDDLE, LOW, LAST] = octetsOf(Buffer.from('😀'))

/** Text messages whose fragments split code points, and binary messages (RFC 6455 §5.6): `utf8`. */
export const textFragments: Case[] = [
  echoed('empty', [EMPTY]),
  echoed('empty-3', [EMPTY, EMPTY, EMPTY]),
  echoed('empty-full-empty', [EMPTY, Buffer.from('middle frame payload'), EMPTY]),
  echoed('latin', [LATIN]),
  echoed('latin-2', [LATIN.subarray(0, UP_TO_A_UMLAUT), LATIN.subarray(UP_TO_A_UMLAUT)]),
  echoed('latin-1-byte', octetsThenEmpty(LATIN)),
  echoed('greek-1-byte', octetsThenEmpty(GREEK)),
  refused('surrogate-one-frame', [SURROGATE]),
  refused('surrogate-1-byte', octetsThenEmpty(SURROGATE)),
  ...['é', '€', '😀'].map(splitEverywhere),
  echoed('split-with-empties', [HIGH, EMPTY, MIDDLE, EMPTY, LOW, EMPTY, LAST]),
  pingBetween('split-with-ping', hex('e2 82'), hex('ac')),
  pingBetween('ping-inside-text-any', Buffer.from('Hello, '), Buffer.from('world!')),
  { id: 'utf8.split-segments', phase: 'alone', ...inPiecesTag, run: splitOverSegments },
  refused('incomplete-end-fragmented', [hex('61 e2 82'), EMPTY]),
  {
    id: 'utf8.state-reset',
    async run(t) {
      const peer = await openAfterBinary(t)
      await peer.sendText(hex('ac'))
      await expectFailure(t, peer, [1007])
    },
  },
  {
    id: 'utf8.state-reset-good',
    async run(t) {
      const peer = await openAfterBinary(t)
      await expectEchoThenCleanClose(t, peer, { payload: 'a' })
    },
  },
  echoed('binary-any', [hex('ff fe c0 80')], Op.BINARY),
  echoed('binary-fragmented-any', [hex('ff fe'), hex('c0 80')], Op.BINARY),
  {
    id: 'utf8.unnormalised',
    async run(t) {
      const peer = await t.open()
      await expectRoundTrip(t, peer, { payload: 'e\u0301' })
      await expectEchoThenCleanClose(t, peer, { payload: '\u00e9' })
    },
  },
]
