import { describeInbound } from '../../peer/index.ts'
import {
  type Case,
  echoFault,
  expectAll,
  expectCleanClose,
  followPongs,
  inPieces,
  inPiecesTag,
  type LoadMessage,
  loadTimeout,
  type Trial,
} from '../../script/index.ts'
import { bytesOf, type Chop, type FrameSpec, Op } from '../../wire/index.ts'

const SIZES = [1, 2, 3, 5, 7, 13, 64, 997, 1448, 4096, 16384]
const RANDOM_RUNS = 20
/** How many sizes a random split uses in turn, and the largest size. */
const RANDOM_SIZES = 40
const LARGEST_PIECE = 3000

/** Valid frames of every kind, and the expected replies. */
interface Script {
  frames: FrameSpec[]
  messages: LoadMessage[]
  pongs: Buffer[]
}

function writeScript(t: Trial): Script {
  const short = t.random.bytes(200)
  const long = t.random.bytes(70_000)
  return {
    frames: [
      { opcode: Op.TEXT, payload: 'Hello-µ@ßöäüàá-UTF-8!!' },
      { opcode: Op.BINARY, payload: short },
      { opcode: Op.TEXT, payload: 'frag', fin: false },
      { opcode: Op.PING, payload: 'inside' },
      { opcode: Op.CONT, payload: 'men', fin: false },
      { opcode: Op.CONT, payload: 'ted' },
      { opcode: Op.PING, payload: 'between' },
      { opcode: Op.BINARY, payload: long },
    ],
    messages: [
      { opcode: Op.TEXT, payload: bytesOf('Hello-µ@ßöäüàá-UTF-8!!') },
      { opcode: Op.BINARY, payload: short },
      { opcode: Op.TEXT, payload: bytesOf('fragmented') },
      { opcode: Op.BINARY, payload: long },
    ],
    pongs: ['inside', 'between'].map(bytesOf),
  }
}

/** Expects the echoes in order and the pongs in order; the two may be interleaved in any way. */
async function runScript(t: Trial, chop?: Chop): Promise<void> {
  const { frames, messages, pongs } = writeScript(t)
  const peer = await t.open()
  await peer.sendFrames(frames, chop)
  const isLastPong = followPongs(t, pongs)
  let echoes = 0
  for (let isAnswered = false; echoes < messages.length || !isAnswered; ) {
    const event = await peer.nextMeaningful(loadTimeout(t))
    if (event?.kind === 'pong') isAnswered = isLastPong(event)
    else {
      const fault = echoes < messages.length ? echoFault(t, event, messages[echoes]) : describeInbound(event, t.timeout)
      t.require(fault === null, `${messages.length} echoes and the pongs`, `${echoes} echoes, then ${fault}`)
      echoes++
    }
  }
  await expectCleanClose(t, peer)
}

async function runInRandomPieces(t: Trial): Promise<void> {
  for (let run = 0; run < RANDOM_RUNS; run++) {
    const size = Array.from({ length: RANDOM_SIZES }, () => t.random.integer(1, LARGEST_PIECE))
    await runScript(t, inPieces(t, size))
  }
}

/** A script of frames in pieces of any size, which must get the same replies (RFC 6455 §6.2): `robust.chop-*`. */
export const choppedScripts: Case[] = [
  ...SIZES.map(
    (size): Case => ({
      id: `robust.chop-${size}`,
      phase: 'alone',
      ...inPiecesTag,
      needs: ['echo'],
      run: (t) => runScript(t, inPieces(t, size)),
    }),
  ),
  {
    id: 'robust.chop-random',
    phase: 'alone',
    ...inPiecesTag,
    needs: ['echo'],
    run: (t) => expectAll(t, `the same replies to ${RANDOM_RUNS} scripts`, () => runInRandomPieces(t)),
  },
  { id: 'robust.one-segment', phase: 'alone', needs: ['echo'], run: (t) => runScript(t) },
]
