import type { Peer } from '../../peer/index.ts'
import { type Case, expectFailure, TOO_BIG_CODES, type Trial } from '../../script/index.ts'
import { type FrameSpec, hex, Op, sleep } from '../../wire/index.ts'
import { fragmentsOf } from './text-fragment.ts'

/** Milliseconds for a server to notice a violation in an unfinished frame, inside which no ping can be sent. */
const INNER_PAUSE = 1000
/** Milliseconds between two segments, so that they are read separately. */
const SEGMENT_PAUSE = 2

/** How the text of Autobahn is split: the second piece has the invalid sequence, or only its first invalid byte. */
const AFTER_CODE_POINT = ['cebae1bdb9cf83cebcceb5', 'f4908080', '656469746564'].map(hex)
const AFTER_OCTET = ['cebae1bdb9cf83cebcceb5f4', '90', '8080656469746564'].map(hex)

/** Sends a fragment and a ping. Returns whether the connection failed before the pong (RFC 6455 §5.5.3). */
async function noticesFragment(peer: Peer, frame: FrameSpec): Promise<boolean> {
  await peer.sendFrames([frame, { opcode: Op.PING, payload: 'noticed?' }])
  const event = await peer.nextMeaningful()
  if (event?.kind === 'pong') return false
  if (event !== null) peer.unshift(event)
  return event !== null
}

/** Waits inside a frame. Returns whether something arrived. */
async function noticesWithin(t: Trial, peer: Peer): Promise<boolean> {
  const event = await peer.nextMeaningful(Math.min(INNER_PAUSE, t.timeout))
  if (event !== null) peer.unshift(event)
  return event !== null
}

async function failByStep(t: Trial, peer: Peer, hasNoticed: boolean): Promise<void> {
  t.note(hasNoticed ? 'noticed at the second step' : 'non-strict: noticed at the third step only')
  await expectFailure(t, peer, [1007])
}

async function failInFragments(t: Trial, pieces: readonly Buffer[]): Promise<void> {
  const peer = await t.open()
  const [first, second, third] = fragmentsOf(pieces)
  await peer.sendFrame(first)
  const hasNoticed = await noticesFragment(peer, second)
  if (!hasNoticed) await peer.sendFrame(third)
  await failByStep(t, peer, hasNoticed)
}

/** Sends the pieces as one frame in three writes, and judges when the server notices the violation. */
async function failInSegments(t: Trial, pieces: readonly Buffer[]): Promise<void> {
  const peer = await t.open()
  const frame = peer.frameBytes({ opcode: Op.TEXT, payload: Buffer.concat(pieces) })
  const third = frame.length - pieces[2].length
  const second = third - pieces[1].length
  await peer.sendBytes(frame.subarray(0, second))
  await sleep(SEGMENT_PAUSE)
  await peer.sendBytes(frame.subarray(second, third))
  const hasNoticed = await noticesWithin(t, peer)
  if (!hasNoticed) await peer.sendBytes(frame.subarray(third))
  await failByStep(t, peer, hasNoticed)
}

/**
 * Notes when invalid text is noticed: with the first invalid byte, with the whole code point, or at the end of the
 * message.
 */
async function findStep(t: Trial, octets: string, missing: number): Promise<void> {
  const peer = await t.open()
  const [start, middle, end] = fragmentsOf([hex(`61 ${octets}`), Buffer.alloc(missing, 0x80), Buffer.alloc(0)])
  let step = 'message'
  if (await noticesFragment(peer, start)) step = 'octet'
  else if (await noticesFragment(peer, middle)) step = 'codepoint'
  else await peer.sendFrame(end)
  const { observations } = t.context
  observations.bad_text_noticed_by = { ...(observations.bad_text_noticed_by ?? {}), [octets]: step }
  t.note(`noticed by ${step}`)
  await expectFailure(t, peer, [1007])
}

/** Invalid beginnings of a sequence, and how many more bytes the lead byte requires. */
const STEPS: Record<string, number> = { c1: 1, 'e0 80': 1, 'ed a0': 1, 'f0 80': 2, 'f4 90': 2, f5: 3 }

/** The size of the frame of `utf8.bad-first-of-16m`, and of the pieces in which its rest is sent, in bytes. */
const HUGE = 16 * 1024 * 1024
const PIECE = 64 * 1024

async function failAtFirstOfHuge(t: Trial): Promise<void> {
  const size = Math.min(HUGE, t.context.maxMessage)
  const payload = Buffer.alloc(size, 0x61)
  payload[0] = 0xff
  const peer = await t.open()
  const frame = peer.frameBytes({ opcode: Op.TEXT, payload })
  const began = performance.now()
  let sent = frame.length - size + 1
  await peer.sendBytes(frame.subarray(0, sent))
  await noticesWithin(t, peer)
  for (; sent < frame.length && peer.queued.length === 0 && !peer.ended; sent += PIECE) {
    await peer.sendBytes(frame.subarray(sent, sent + PIECE))
  }
  // A server may refuse the size of the message before it examines the text (RFC 6455 §7.4.1, §10.4).
  await expectFailure(t, peer, [1007, ...TOO_BIG_CODES])
  const milliseconds = Math.round(performance.now() - began)
  t.note(`failed after ${Math.min(sent, frame.length)} of ${frame.length} bytes, ${milliseconds} ms`)
}

/** When text that is not UTF-8 is noticed (RFC 6455 §8.1): `utf8.failfast-*`, `utf8.bad-first-of-16m`. */
export const textFailFast: Case[] = [
  { id: 'utf8.failfast-frame', run: (t) => failInFragments(t, AFTER_CODE_POINT) },
  { id: 'utf8.failfast-frame-octet', run: (t) => failInFragments(t, AFTER_OCTET) },
  { id: 'utf8.failfast-chop', run: (t) => failInSegments(t, AFTER_CODE_POINT) },
  { id: 'utf8.failfast-chop-octet', run: (t) => failInSegments(t, AFTER_OCTET) },
  ...Object.entries(STEPS).map(
    ([octets, missing]): Case => ({
      id: `utf8.failfast-${octets.replace(' ', '-')}`,
      run: (t) => findStep(t, octets, missing),
    }),
  ),
  { id: 'utf8.bad-first-of-16m', run: failAtFirstOfHuge },
]
