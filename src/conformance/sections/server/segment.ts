import type { Peer } from '../../peer/index.ts'
import {
  type Case,
  expectAlive,
  expectCleanClose,
  expectEcho,
  expectEchoThenCleanClose,
  expectEndAfterFin,
  expectRoundTrip,
  inPieces,
  inPiecesTag,
  onEach,
  type Trial,
} from '../../script/index.ts'
import { hex, LONGEST_HEADER, Op } from '../../wire/index.ts'

/** How many connections of one case are open at the same time. */
const WIDTH = 8
/** The size of a header with a 16-bit length and a masking key, in bytes. */
const MEDIUM_HEADER = 8
/** Usual sizes of read buffers. */
const BUFFER_SIZES = [4096, 16384, 65536]

const CUTS = Array.from({ length: LONGEST_HEADER - 1 }, (_, index) => index + 1)

async function dribbleHeaders(t: Trial): Promise<void> {
  const peer = await t.open()
  for (const [length, headerLength] of [
    [5, 6],
    [126, MEDIUM_HEADER],
    [65536, LONGEST_HEADER],
  ]) {
    const size = [...Array<number>(headerLength).fill(1), length]
    await expectRoundTrip(t, peer, { payload: '*'.repeat(length), chop: inPieces(t, size) })
  }
  await expectCleanClose(t, peer)
}

async function splitHeader(t: Trial, payload: Buffer, cut: number): Promise<void> {
  const chop = inPieces(t, [cut, payload.length + LONGEST_HEADER])
  await expectEchoThenCleanClose(t, await t.open(), { opcode: Op.BINARY, payload, chop })
}

/** Sends in one write a message that ends `left` bytes before the mark, and one whose header lies across it. */
async function straddle(t: Trial, mark: number, left: number): Promise<void> {
  const peer = await t.open()
  const filler = t.random.bytes(mark - left - MEDIUM_HEADER)
  const payload = t.random.bytes(65536)
  await peer.sendFrames([
    { opcode: Op.BINARY, payload: filler },
    { opcode: Op.BINARY, payload },
  ])
  await expectEcho(t, peer, filler, Op.BINARY)
  await expectEcho(t, peer, payload, Op.BINARY)
  await expectCleanClose(t, peer)
}

async function echoTogether(t: Trial, texts: readonly string[]): Promise<void> {
  const peer = await t.open()
  await peer.sendFrames(texts.map((payload) => ({ opcode: Op.TEXT, payload })))
  for (const text of texts) await expectEcho(t, peer, text)
  await expectCleanClose(t, peer)
}

/** Sends an incomplete frame and FIN (RFC 6455 §7.1.1). */
async function cutByFin(t: Trial, bytes: (peer: Peer) => Buffer): Promise<void> {
  const peer = await t.open()
  await peer.sendBytes(bytes(peer))
  peer.end()
  await expectEndAfterFin(t, peer)
  await expectAlive(t)
}

/** Frames across the ends of segments and buffers (RFC 6455 §6.2): `len`. */
export const segments: Case[] = [
  { id: 'len.header-dribble', phase: 'alone', ...inPiecesTag, run: dribbleHeaders },
  {
    id: 'len.header-splits',
    phase: 'alone',
    ...inPiecesTag,
    async run(t) {
      const payload = t.random.bytes(65536)
      await onEach(t, CUTS, { name: (cut) => `split after byte ${cut}` }, (cut) => splitHeader(t, payload, cut))
    },
  },
  { id: 'len.two-in-one', needs: ['echo'], run: (t) => echoTogether(t, ['a', 'b']) },
  {
    id: 'len.hundred-in-one',
    needs: ['echo'],
    run: (t) =>
      echoTogether(
        t,
        Array.from({ length: 100 }, (_, index) => t.random.text(index + 1)),
      ),
  },
  {
    id: 'len.boundary-straddle',
    needs: ['echo'],
    async run(t) {
      const places = BUFFER_SIZES.flatMap((mark) => CUTS.map((left) => ({ mark, left })))
      const name = ({ mark, left }: (typeof places)[number]): string => `header ${left} bytes before ${mark}`
      await onEach(t, places, { width: WIDTH, name }, ({ mark, left }) => straddle(t, mark, left))
    },
  },
  { id: 'len.truncated-header-fin', run: (t) => cutByFin(t, () => hex('82 FE 01')) },
  {
    id: 'len.truncated-payload-fin',
    run: (t) => cutByFin(t, (peer) => peer.frameBytes({ opcode: Op.BINARY, payload: 'abc', length: 10 })),
  },
]
