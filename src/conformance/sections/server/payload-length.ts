import { describeInbound } from '../../peer/index.ts'
import {
  type Case,
  type EchoSpec,
  expectAlive,
  expectCleanClose,
  expectFailure,
  expectFailureEarly,
  expectRoundTrip,
  inPieces,
  inPiecesTag,
  openMany,
  TOO_BIG_CODES,
  type Trial,
} from '../../script/index.ts'
import { closeBody, describeFrame, type FrameSpec, Op, shortestForm } from '../../wire/index.ts'

/** Expects an echo and a clean close. Also checks the frames of the echo (RFC 6455 §5.2). */
async function echoWellFramed(t: Trial, spec: EchoSpec): Promise<void> {
  const peer = await t.open()
  const { frames } = await expectRoundTrip(t, peer, spec)
  for (const frame of frames) {
    const isPlain = frame.rsv === 0 && frame.masked === peer.expectsMask && frame.form === shortestForm(frame.length)
    t.require(
      isPlain,
      'frames without reserved bits, masked as the role requires, with the shortest form of the length',
      `${describeFrame(frame)} in the ${frame.form}-bit form`,
    )
  }
  await expectCleanClose(t, peer)
}

const LENGTHS = [0, 125, 126, 127, 128, 65535, 65536]

const RANDOM_LENGTHS = [
  1, 2, 3, 4, 5, 7, 8, 124, 129, 255, 256, 257, 1023, 1024, 4095, 4096, 4097, 16383, 16384, 32767, 32768, 65534, 65537,
  131072,
]

const CHOPPED = { length: 65536, size: 997 }

function text(length: number): EchoSpec {
  return { payload: '*'.repeat(length) }
}

function binary(length: number): EchoSpec {
  return { opcode: Op.BINARY, payload: Buffer.alloc(length, 0xfe) }
}

const echoed: Case[] = [
  ...LENGTHS.flatMap((length): Case[] => [
    { id: `len.text-${length}`, run: (t) => echoWellFramed(t, text(length)) },
    { id: `len.binary-${length}`, run: (t) => echoWellFramed(t, binary(length)) },
  ]),
  {
    id: 'len.text-65536-chop-997',
    phase: 'alone',
    ...inPiecesTag,
    run: (t) => echoWellFramed(t, { ...text(CHOPPED.length), chop: inPieces(t, CHOPPED.size) }),
  },
  {
    id: 'len.binary-65536-chop-997',
    phase: 'alone',
    ...inPiecesTag,
    run: (t) => echoWellFramed(t, { ...binary(CHOPPED.length), chop: inPieces(t, CHOPPED.size) }),
  },
  ...RANDOM_LENGTHS.map(
    (length): Case => ({
      id: `len.binary-random-${length}`,
      run: (t) => echoWellFramed(t, { opcode: Op.BINARY, payload: t.random.bytes(length) }),
    }),
  ),
]

const ECHO_HEADERS: Record<number, string> = {
  125: '817d',
  126: '817e007e',
  65535: '817effff',
  65536: '817f0000000000010000',
}

async function checkEchoHeader(t: Trial, length: number, header: string): Promise<void> {
  const peer = await t.open()
  const { frames } = await expectRoundTrip(t, peer, text(length))
  if (frames.length > 1) t.note(`the echo has ${frames.length} frames`)
  else t.require(frames[0].header.toString('hex') === header, header, frames[0].header.toString('hex'))
  await expectCleanClose(t, peer)
}

const echoForms = Object.entries(ECHO_HEADERS).map(
  ([length, header]): Case => ({
    id: `len.echo-form-${length}`,
    run: (t) => checkEchoHeader(t, Number(length), header),
  }),
)

function refused(id: string, ...frames: FrameSpec[]): Case {
  return {
    id: `len.${id}`,
    async run(t) {
      const peer = await t.open()
      await peer.sendFrames(frames)
      await expectFailure(t, peer, [1002])
    },
  }
}

/** Longer forms of the length than needed: “the minimal number of bytes MUST be used” (RFC 6455 §5.2). */
const longForms: Case[] = [
  ...[0, 1, 125].map((length) =>
    refused(`long16-${length}`, { opcode: Op.TEXT, payload: 'a'.repeat(length), form: 16 }),
  ),
  ...[0, 5, 125, 126, 65535].map((length) =>
    refused(`long64-${length}`, { opcode: Op.TEXT, payload: 'a'.repeat(length), form: 64 }),
  ),
  refused('long16-binary', { opcode: Op.BINARY, payload: 'Hello', form: 16 }),
  refused(
    'long16-continuation',
    { opcode: Op.TEXT, payload: 'Hel', fin: false },
    { opcode: Op.CONT, payload: 'Hello', form: 16 },
  ),
  refused('long16-ping', { opcode: Op.PING, payload: 'Hello', form: 16 }),
  refused('long64-ping', { opcode: Op.PING, payload: 'Hello', form: 64 }),
  refused('long16-pong', { opcode: Op.PONG, form: 16 }),
  refused('long16-close', { opcode: Op.CLOSE, payload: closeBody(1000), form: 16 }),
]

/** 64-bit lengths whose top bit is invalid (RFC 6455 §5.2), with the bytes that follow the header. */
const TOP_BIT: Record<string, string> = {
  '8000000000000000': '',
  ffffffffffffffff: '',
  '8000000000000005': 'Hello',
  '8000000000010000': '',
}

const topBit = Object.entries(TOP_BIT).map(
  ([digits, payload]): Case => ({
    id: `len.msb-${digits}`,
    async run(t) {
      const peer = await t.open()
      await peer.sendFrame({ opcode: Op.BINARY, payload, length: BigInt(`0x${digits}`), form: 64 })
      await expectFailureEarly(t, peer, [1002, 1009])
    },
  }),
)

/**
 * Announced lengths, and how many bytes of the payload are sent. After 5 bytes a length truncated to 32 bits is a
 * complete frame.
 */
const HUGE: Record<string, { length: bigint; sent: number }> = {
  '2g': { length: 2n ** 31n, sent: 1024 },
  '2g-1': { length: 2n ** 31n - 1n, sent: 1024 },
  '4g': { length: 2n ** 32n, sent: 1024 },
  '4g+5': { length: 2n ** 32n + 5n, sent: 5 },
  '2p60': { length: 2n ** 60n, sent: 1024 },
  max: { length: 2n ** 63n - 1n, sent: 1024 },
}

async function announceHuge(t: Trial, length: bigint, sent: number): Promise<void> {
  const peer = await t.open()
  await peer.sendFrame({ opcode: Op.BINARY, payload: Buffer.alloc(sent, 0x2a), length })
  const event = await peer.nextMeaningful()
  const shown = describeInbound(event, t.timeout)
  const isEcho = event?.kind === 'message'
  t.assert(!isEcho, 'no message before its end', shown, { class: 'must', requirement: '6455-5.2-7' })
  if (event === null) t.note('waits for the rest')
  else if (!isEcho) {
    peer.unshift(event)
    await expectFailure(t, peer, TOO_BIG_CODES)
  }
  peer.destroy()
  await expectAlive(t)
}

async function announceManyHuge(t: Trial): Promise<void> {
  const peers = await openMany(t, 50)
  await Promise.all(peers.map((peer) => peer.sendFrame({ opcode: Op.BINARY, length: 2n ** 30n })))
  await expectAlive(t)
}

const huge: Case[] = [
  ...Object.entries(HUGE).map(
    ([id, { length, sent }]): Case => ({ id: `len.huge-${id}`, run: (t) => announceHuge(t, length, sent) }),
  ),
  { id: 'len.huge-x50', run: announceManyHuge },
]

/** Payload lengths and their three forms (RFC 6455 §5.2): `len`. */
export const payloadLength: Case[] = [...echoed, ...echoForms, ...longForms, ...topBit, ...huge]
