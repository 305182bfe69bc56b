import { describeInbound, type Inbound, type Peer } from '../../peer/index.ts'
import {
  type Case,
  expectAll,
  expectCleanClose,
  expectFailure,
  inParallel,
  type Prediction,
  predict,
  type Reply,
  survivalCase,
  type Trial,
} from '../../script/index.ts'
import { bytesOf, closeBody, encodeFrame, FrameReader, type FrameSpec, hex, Op } from '../../wire/index.ts'

/** The number of random scripts, by default and with `--long`. */
const SCRIPTS = 100
const LONG_SCRIPTS = 2000
const LONGEST_SCRIPT = 12
const BYTE_RUNS = 200
const BYTES = 4096
/** How many bytes of the valid script have their bits inverted. */
const FLIPPED_BYTES = 64
/** How many connections are open at the same time. */
const WIDTH = 8

/** Compares received events with the prediction: echoes in order and pongs in order, of which some may be missing. */
class Follower {
  readonly #echoes: Buffer[]
  readonly #opcodes: number[]
  readonly #pongs: string[]
  #echoed = 0
  #ponged = 0

  constructor(t: Trial, replies: readonly Reply[]) {
    const echoes = replies.filter(({ opcode }) => opcode !== Op.PONG)
    const prefix = bytesOf(t.context.capabilities.echoPrefix)
    this.#opcodes = echoes.map(({ opcode }) => opcode)
    this.#echoes = echoes.map(({ opcode, payload }) =>
      opcode === Op.TEXT ? Buffer.concat([prefix, payload]) : payload,
    )
    this.#pongs = replies.filter(({ opcode }) => opcode === Op.PONG).map(({ payload }) => payload.toString('hex'))
  }

  /** Whether everything that must arrive has arrived. */
  get isComplete(): boolean {
    return this.#echoed === this.#echoes.length && this.#ponged === this.#pongs.length
  }

  /** Whether the event is allowed now. */
  readonly accept = (event: Inbound): boolean => {
    if (event.kind === 'pong') {
      const at = this.#pongs.indexOf(event.frame.payload.toString('hex'), this.#ponged)
      this.#ponged = at === -1 ? this.#ponged : at + 1
      return at !== -1
    }
    if (event.kind !== 'message' || this.#echoed === this.#echoes.length) return false
    const { opcode, payload } = event.message
    if (opcode !== this.#opcodes[this.#echoed] || !payload.equals(this.#echoes[this.#echoed])) return false
    this.#echoed++
    return true
  }
}

/** Predicts what a conforming server does with these bytes, and whether they end inside a frame. */
function predictBytes(bytes: Buffer): Prediction & { isCut: boolean } {
  const reader = new FrameReader()
  return { ...predict(reader.push(bytes)), isCut: reader.pending.length > 0 }
}

/** Compares the outcome of the bytes that were sent with the reference model (RFC 6455 §5, §7). */
async function expectPrediction(t: Trial, peer: Peer, prediction: Prediction & { isCut: boolean }): Promise<void> {
  const follower = new Follower(t, prediction.replies)
  const allowed = follower.accept
  const { end, isCut } = prediction
  if (typeof end !== 'string') {
    if (prediction.mayIgnore && (await isIgnored(peer, end, allowed))) return
    return expectFailure(t, peer, end, { allowed })
  }
  if (end === 'closed') {
    const event = await peer.skipWhile(allowed)
    t.require(
      event?.kind === 'close' || event?.kind === 'end',
      'the reply to the Close',
      describeInbound(event, t.timeout),
    )
    return
  }
  if (isCut || end === 'doubtful') return expectEndAfterFin(t, peer, allowed)
  while (!follower.isComplete) {
    const event = await peer.nextMeaningful()
    const shown = describeInbound(event, t.timeout)
    t.require(event !== null && allowed(event), 'the echoes and pongs that the reference model predicts', shown)
  }
  await expectCleanClose(t, peer)
}

/** Whether the target goes on after what only its sender must not send (RFC 6455 §10.7). What follows is not predicted. */
async function isIgnored(peer: Peer, codes: readonly number[], allowed: (event: Inbound) => boolean): Promise<boolean> {
  const event = await peer.skipWhile(allowed)
  if (event?.kind !== 'close' && event?.kind !== 'end') return true
  peer.unshift(event)
  return event.kind === 'close' && !codes.includes(event.code ?? 0)
}

/** For bytes that end inside a frame: sends FIN. Nothing unpredicted may follow, but TCP may stay open (RFC 6455 §7.1.1). */
async function expectEndAfterFin(t: Trial, peer: Peer, allowed: (event: Inbound) => boolean): Promise<void> {
  peer.end()
  const event = await peer.skipWhile(allowed)
  const isEnd = event === null || event.kind === 'close' || event.kind === 'end'
  t.require(isEnd, 'the end, with nothing unpredicted before it', describeInbound(event, t.timeout))
}

type Maker = (t: Trial) => FrameSpec

const TEXTS = ['', 'a', 'Hello', 'µ@ßöäüàá', '😀', 'x'.repeat(125), 'y'.repeat(126), 'z'.repeat(300)]
const BAD_TEXTS = ['ff', 'c080', 'eda080', 'f4908080', '61e282'].map(hex)
const CLOSES = [closeBody(), closeBody(1000), closeBody(3000, 'bye'), closeBody(1005), closeBody(999), hex('03')]

function pick<T>(t: Trial, items: readonly T[]): T {
  return items[t.random.integer(0, items.length - 1)]
}

/** Generators of frames with weights; valid frames are more frequent. */
const MAKERS: readonly [weight: number, make: Maker][] = [
  [6, (t) => ({ opcode: Op.TEXT, payload: pick(t, TEXTS), fin: t.random.integer(0, 2) > 0 })],
  [
    6,
    (t) => ({ opcode: Op.BINARY, payload: t.random.bytes(t.random.integer(0, 300)), fin: t.random.integer(0, 2) > 0 }),
  ],
  [6, (t) => ({ opcode: Op.CONT, payload: pick(t, TEXTS), fin: t.random.integer(0, 1) > 0 })],
  [4, (t) => ({ opcode: Op.PING, payload: t.random.bytes(t.random.integer(0, 125)) })],
  [2, (t) => ({ opcode: Op.PONG, payload: t.random.bytes(t.random.integer(0, 125)) })],
  [1, (t) => ({ opcode: pick(t, [Op.TEXT, Op.CONT]), payload: pick(t, BAD_TEXTS), fin: t.random.integer(0, 1) > 0 })],
  [1, (t) => ({ opcode: Op.CLOSE, payload: pick(t, CLOSES) })],
  [1, (t) => ({ opcode: t.random.integer(0, 10), payload: 'reserved bits', rsv: t.random.integer(1, 7) })],
  [1, (t) => ({ opcode: pick(t, [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), payload: 'reserved opcode' })],
  [1, (t) => ({ opcode: pick(t, [Op.PING, Op.PONG, Op.CLOSE]), payload: 'cut', fin: false })],
  [1, (t) => ({ opcode: pick(t, [Op.PING, Op.PONG]), payload: 'a'.repeat(126) })],
  [1, (t) => ({ opcode: pick(t, [Op.TEXT, Op.BINARY, Op.PING]), payload: 'unmasked', mask: false })],
]

const WEIGHTED = MAKERS.flatMap(([weight, make]) => Array<Maker>(weight).fill(make))

/** Chooses opcodes that are mostly valid in sequence, so that the connection does not fail on the first frame. */
function nextFrame(t: Trial, isInside: boolean): FrameSpec {
  const frame = pick(t, WEIGHTED)(t)
  if (frame.opcode > Op.BINARY || t.random.integer(0, 15) === 0) return frame
  if (isInside) return { ...frame, opcode: Op.CONT }
  return frame.opcode === Op.CONT ? { ...frame, opcode: Op.TEXT } : frame
}

function randomScript(t: Trial): Buffer {
  const parts: Buffer[] = []
  let isInside = false
  for (let left = t.random.integer(1, LONGEST_SCRIPT); left > 0; left--) {
    const frame = nextFrame(t, isInside)
    if (frame.opcode <= Op.BINARY) isInside = frame.fin === false
    parts.push(encodeFrame(frame, () => t.random.bytes(4)))
  }
  if (isInside) parts.push(encodeFrame({ opcode: Op.CONT, payload: 'end' }, () => t.random.bytes(4)))
  return Buffer.concat(parts)
}

/** Sends each input on a separate connection. Notes the bytes of the one that fails. */
async function tryEach(t: Trial, inputs: readonly Buffer[], judge: Judge): Promise<void> {
  const tryOne = async (bytes: Buffer): Promise<void> => {
    const peer = await t.open()
    const prediction = predictBytes(bytes)
    // The pongs that must arrive are no heartbeats, although the pings are sent as raw bytes.
    for (const { opcode, payload } of prediction.replies)
      if (opcode === Op.PONG) peer.settings.watch.pings.add(payload.toString('hex'))
    await peer.sendBytes(bytes)
    try {
      await judge(t, peer, prediction)
    } catch (error) {
      t.note(`sent: ${bytes.subarray(0, 200).toString('hex')}`)
      throw error
    }
    t.release(peer)
  }
  await expectAll(t, `${inputs.length} outcomes as predicted`, () => inParallel(inputs, WIDTH, tryOne))
}

type Judge = (t: Trial, peer: Peer, prediction: Prediction & { isCut: boolean }) => Promise<void>

async function fuzzFrames(t: Trial): Promise<void> {
  const count = t.context.long ? LONG_SCRIPTS : SCRIPTS
  await tryEach(
    t,
    Array.from({ length: count }, () => randomScript(t)),
    expectPrediction,
  )
}

/** Random bytes are rarely valid frames. Only replies to valid frames among them are allowed. */
async function fuzzBytes(t: Trial): Promise<void> {
  const inputs = Array.from({ length: BYTE_RUNS }, () => t.random.bytes(BYTES))
  await tryEach(t, inputs, async (_, peer, { replies }) => expectEndAfterFin(t, peer, new Follower(t, replies).accept))
}

/** Returns a valid script that is a little longer than the bytes whose bits are inverted. */
function goodScript(t: Trial): Buffer {
  const frames: FrameSpec[] = [
    { opcode: Op.TEXT, payload: 'Hello' },
    { opcode: Op.PING, payload: 'ping' },
    { opcode: Op.BINARY, payload: hex('00ff00ff') },
    { opcode: Op.TEXT, payload: 'frag', fin: false },
    { opcode: Op.CONT, payload: 'ment' },
    { opcode: Op.TEXT, payload: 'World' },
  ]
  return Buffer.concat(frames.map((frame) => encodeFrame(frame, () => t.random.bytes(4))))
}

async function flipBits(t: Trial): Promise<void> {
  const script = goodScript(t)
  const inputs = Array.from({ length: FLIPPED_BYTES * 8 }, (_, bit) => {
    const bytes = Buffer.from(script)
    bytes[bit >> 3] ^= 1 << (bit & 7)
    return bytes
  })
  await tryEach(t, inputs, expectPrediction)
}

/** Random and damaged frames, compared with a reference model (RFC 6455 §10.7): `robust.fuzz-*`. */
export const fuzzing: Case[] = [
  survivalCase('fuzz-frames', fuzzFrames, { needs: ['echo'], limit: 300_000 }),
  survivalCase('fuzz-bytes', fuzzBytes),
  survivalCase('fuzz-bitflip', flipBits, { needs: ['echo'] }),
]
