import { answerNext } from '../../client/index.ts'
import { describeInbound, type Peer } from '../../peer/index.ts'
import {
  type Case,
  expectCleanClose,
  expectEcho,
  expectFailure,
  expectNoBreach,
  expectPongs,
  expectRoundTrip,
  expectServerEnd,
  type Trial,
} from '../../script/index.ts'
import { closeBody, type Frame, type FrameSpec, hex, Op, Rsv, shortestForm } from '../../wire/index.ts'

async function open(t: Trial): Promise<Peer> {
  return (await answerNext(t)).peer
}

/** Makes a case with frames for which a client must close the connection, with any code (RFC 6455 §5.1). */
function ended(id: string, ...frames: FrameSpec[]): Case {
  return {
    id: `client.frame.${id}`,
    async run(t) {
      const peer = await open(t)
      await peer.sendFrames(frames)
      await expectServerEnd(t, peer)
    },
  }
}

const maskedRows: Case[] = [
  ended('masked-text', { opcode: Op.TEXT, payload: 'Hello', mask: true }),
  ended('masked-ping', { opcode: Op.PING, mask: true }),
  ended('masked-close', { opcode: Op.CLOSE, payload: closeBody(1000), mask: true }),
  ended(
    'masked-continuation',
    { opcode: Op.TEXT, payload: 'Hel', fin: false },
    { opcode: Op.CONT, payload: 'lo', mask: true },
  ),
]

async function checkMasks(t: Trial): Promise<void> {
  const peer = await open(t)
  await expectRoundTrip(t, peer, { payload: 'masked?' })
  await peer.sendPing('masked?')
  await peer.expectPong()
  await expectCleanClose(t, peer)
  expectNoBreach(t, t.entry.id)
}

const KEYS = 1000

/** Checks the keys of a thousand frames. Random keys rarely repeat and have no constant distance (RFC 6455 §5.3). */
async function checkKeys(t: Trial): Promise<void> {
  const peer = await open(t)
  await peer.sendFrames(Array<FrameSpec>(KEYS).fill({ opcode: Op.TEXT, payload: 'key' }))
  const keys: number[] = []
  while (keys.length < KEYS) {
    const { frames } = await peer.expectMessage('an echo')
    keys.push(...frames.map(keyOf))
  }
  await expectCleanClose(t, peer)
  const repeated = keys.length - new Set(keys).size
  const steps = keys.slice(1).map((key, index) => (key - keys[index]) >>> 0)
  const swapped = keys.map(swapBytes)
  const swappedSteps = swapped.slice(1).map((key, index) => (key - swapped[index]) >>> 0)
  t.assert(
    keys.some((key) => key !== 0),
    'keys other than 0',
    'every key is 00000000',
  )
  t.assert(repeated < 3, 'a new key for each frame', `${repeated} of ${keys.length} keys were used before`)
  for (const one of [steps, swappedSteps]) {
    const share = mostCommonShare(one)
    t.assert(share < 0.1, 'keys without a pattern', `${Math.round(share * 100)} % of the keys are one step apart`)
  }
}

function keyOf({ header, masked }: Frame): number {
  return masked ? header.readUInt32BE(header.length - 4) : 0
}

function swapBytes(key: number): number {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(key)
  return bytes.readUInt32LE()
}

/** Returns the share of the most frequent element. */
function mostCommonShare(list: readonly number[]): number {
  const counts = new Map<number, number>()
  for (const one of list) counts.set(one, (counts.get(one) ?? 0) + 1)
  return Math.max(...counts.values()) / list.length
}

async function checkForms(t: Trial): Promise<void> {
  const peer = await open(t)
  for (const size of [125, 126, 65_535, 65_536]) {
    const { frames } = await expectRoundTrip(t, peer, { opcode: Op.BINARY, payload: t.random.bytes(size) })
    for (const { form, length } of frames) {
      const shortest = shortestForm(length)
      t.require(form === shortest, `${length} bytes in the ${shortest}-bit form`, `the ${form}-bit form`)
    }
  }
  await expectCleanClose(t, peer)
}

/** Without the top bit the length is 65,536, and that many bytes follow. A client that ignores the bit echoes them. */
async function sendTopBit(t: Trial): Promise<void> {
  const peer = await open(t)
  await peer.sendBytes(Buffer.concat([hex('82 7f 80 00 00 00 00 01 00 00'), Buffer.alloc(65_536, 0x2a)]))
  await expectServerEnd(t, peer)
}

async function announceHuge(t: Trial): Promise<void> {
  const peer = await open(t)
  await peer.sendFrame({ opcode: Op.BINARY, form: 64, length: 2n ** 63n - 1n })
  await expectFailure(t, peer, [1009, 1002])
}

const TYPES: readonly FrameSpec[][] = [
  [{ opcode: Op.TEXT, payload: 'text' }],
  [{ opcode: Op.BINARY, payload: 'binary' }],
  [
    { opcode: Op.TEXT, payload: 'text', fin: false },
    { opcode: Op.CONT, payload: 'rest' },
  ],
  [{ opcode: Op.PING, payload: 'ping' }],
  [{ opcode: Op.PONG, payload: 'pong' }],
  [{ opcode: Op.CLOSE, payload: closeBody(1000) }],
]
const BITS = [Rsv.RSV1, Rsv.RSV2, Rsv.RSV3]

/** Sets reserved bits on the last of these frames. */
async function sendReserved(t: Trial, frames: readonly FrameSpec[], rsv: number): Promise<void> {
  const peer = await open(t)
  await peer.sendFrames(frames.map((frame, index) => (index === frames.length - 1 ? { ...frame, rsv } : frame)))
  await expectFailure(t, peer, [1002])
}

async function sendAllReserved(t: Trial): Promise<void> {
  for (const rsv of BITS) for (const frames of TYPES) await sendReserved(t, frames, rsv)
}

/** Sends empty fragments until the client closes. A client may also accept all of them. */
async function sendEndlessFragments(t: Trial): Promise<void> {
  const peer = await open(t)
  await peer.sendFrame({ opcode: Op.TEXT, fin: false })
  const batch = Array<FrameSpec>(500).fill({ opcode: Op.CONT, fin: false })
  const deadline = performance.now() + t.context.idle
  let sent = 0
  while (!peer.ended && peer.queued.length === 0 && performance.now() < deadline) {
    await peer.sendFrames(batch)
    sent += batch.length
  }
  t.note(`${sent} empty fragments`)
  if (peer.ended || peer.queued.length > 0) return expectFailure(t, peer, [1008, 1009])
  await peer.sendFrame({ opcode: Op.CONT })
  await expectEcho(t, peer, '')
  await expectCleanClose(t, peer)
}

const FLOOD = 10_000

async function floodPings(t: Trial): Promise<void> {
  const peer = await open(t)
  const payloads = Array.from({ length: FLOOD }, (_, index) => Buffer.from(`ping ${index}`))
  const sent = peer.sendFrames(payloads.map((payload) => ({ opcode: Op.PING, payload })))
  await expectPongs(t, peer, payloads)
  await sent
  await expectCleanClose(t, peer)
}

async function sendLongForm(t: Trial): Promise<void> {
  const peer = await open(t)
  await peer.sendFrame({ opcode: Op.TEXT, payload: 'Hello', form: 16 })
  const event = await peer.nextMeaningful()
  t.require(event?.kind === 'close' || event?.kind === 'end', t.entry.expect, describeInbound(event, t.timeout))
  peer.unshift(event)
  await expectFailure(t, peer, [1002])
}

/** Uncompressed frames to and from a client (RFC 6455 §5): `client.frame`. */
export const clientFrame: Case[] = [
  ...maskedRows,
  { id: 'client.frame.sends-masked', phase: 'after', run: checkMasks },
  { id: 'client.frame.keys-fresh', run: checkKeys },
  { id: 'client.frame.length-form', run: checkForms },
  { id: 'client.frame.msb', run: sendTopBit },
  { id: 'client.frame.long-forms', run: sendLongForm },
  { id: 'client.frame.huge', run: announceHuge },
  { id: 'client.frame.rsv', connections: BITS.length * TYPES.length, run: sendAllReserved },
  { id: 'client.frame.rsv1-no-pmd', run: (t) => sendReserved(t, TYPES[0], Rsv.RSV1) },
  { id: 'client.frame.endless-fragments', phase: 'idle', run: sendEndlessFragments },
  { id: 'client.frame.ping-flood', run: floodPings },
]
