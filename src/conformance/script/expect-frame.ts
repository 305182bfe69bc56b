import { describeInbound, type Inbound, type Peer } from '../peer/index.ts'
import { type FrameSpec, showBytes } from '../wire/index.ts'
import type { Case } from './case.ts'
import { expectOnlyEnd } from './expect-close.ts'
import { allowEcho, expectFailure, judgeCloseFrame, judgeEnd } from './expect-failure.ts'
import { isTooBig, skipIfLimiting } from './limit.ts'
import { inPieces, inPiecesTag } from './pieces.ts'
import type { Trial } from './trial.ts'

/** How frames are written: all in one write, one write per frame, or byte by byte. */
export type Way = 'whole' | 'frames' | 'octets'

/**
 * Milliseconds between two bytes of what a server refuses. A server that fails the connection at the first byte of a
 * frame may discard its Close when more bytes arrive before it was sent.
 */
export const REFUSAL_PAUSE = 1

/** Sends frames in the given way. */
export async function sendInWay(
  t: Trial,
  peer: Peer,
  frames: readonly FrameSpec[],
  way: Way,
  pause?: number,
): Promise<void> {
  if (way === 'frames') for (const frame of frames) await peer.sendFrame(frame)
  else await peer.sendFrames(frames, way === 'octets' ? inPieces(t, 1, { pause }) : undefined)
}

/** The phase and the tags of a case that sends in the given way. */
export function tagsOf(way: Way): Pick<Case, 'phase' | 'tags'> {
  return way === 'octets' ? { phase: 'alone', ...inPiecesTag } : {}
}

/**
 * Sends a valid text message and then a violation, and expects the echo and the failure (RFC 6455 §7.1.7). A missing
 * echo is only noted, because a server may fail the connection before it sends the echo.
 */
export async function expectFailureAfterEcho(
  t: Trial,
  peer: Peer,
  text: string,
  codes: readonly number[],
): Promise<void> {
  let echoed = false
  const isEcho = allowEcho(t.context.capabilities.echoPrefix + text)
  const allowed = (event: Inbound): boolean => {
    const hit = isEcho(event)
    echoed ||= hit
    return hit
  }
  await expectFailure(t, peer, codes, { allowed })
  if (!echoed && t.context.capabilities.echo) t.note('non-strict: the text message before the violation was not echoed')
}

/**
 * Expects that the server ends the connection, with or without a Close, and sends nothing else. If `codes` are given, a
 * Close should have one of them (RFC 6455 §5.1, §7.1.1).
 */
export async function expectServerEnd(t: Trial, peer: Peer, codes?: readonly number[]): Promise<void> {
  const expected = 'the end of the connection, with nothing but a Close before it'
  const event = await peer.nextMeaningful()
  if (event?.kind !== 'close') {
    t.require(event?.kind === 'end', expected, describeInbound(event, t.timeout))
    return
  }
  const shown = describeInbound(event, t.timeout)
  judgeCloseFrame(t, expected, event)
  judgeEnd(t, expected, shown, await expectOnlyEnd(peer))
  if (codes === undefined) return
  const isExpected = isTooBig(peer, event) || codes.includes(event.code ?? 0)
  t.assertShould(isExpected, `Close ${codes.join(' or ')} or none`, shown, '6455-7.1.7-3')
}

/**
 * Expects the end of the connection after the client's FIN, with or without a Close. An incomplete message must not be
 * echoed. No rule requires the server to end TCP at that point, so an open connection is only noted (RFC 6455 §7.1.1).
 */
export async function expectEndAfterFin(t: Trial, peer: Peer): Promise<void> {
  const expected = 'the end of the connection, with nothing but a Close before it'
  const event = await peer.nextMeaningful()
  const isClose = event?.kind === 'close'
  if (isClose) judgeCloseFrame(t, expected, event)
  const end = isClose ? await expectOnlyEnd(peer) : event
  const shown = describeInbound(end, t.timeout)
  if (end === null) t.note('the connection stays open after FIN')
  else t.require(end.kind === 'end', expected, shown)
}

/**
 * Checks that pongs arrive in the order of their pings. Some may be missing, but not the last one (RFC 6455 §5.5.3).
 * Returns a function that checks one event and returns whether it is the pong to the last ping.
 */
export function followPongs(t: Trial, payloads: readonly Uint8Array[]): (event: Inbound | null) => boolean {
  let next = 0
  let count = 0
  return (event) => {
    skipIfLimiting(t, event, payloads.length)
    const expected = next < payloads.length ? `pong with ${showBytes(payloads[next])}, or a later one` : 'no more pongs'
    t.require(event?.kind === 'pong', expected, describeInbound(event, t.timeout))
    const at = payloads.findIndex((payload, index) => index >= next && event.frame.payload.equals(payload))
    t.require(at !== -1, expected, describeInbound(event, t.timeout))
    next = at + 1
    count++
    if (next === payloads.length && count < next) t.note(`${count} pongs for ${payloads.length} pings`)
    return next === payloads.length
  }
}

/** Waits for the pongs to these pings. */
export async function expectPongs(t: Trial, peer: Peer, payloads: readonly Uint8Array[]): Promise<void> {
  const isLast = followPongs(t, payloads)
  while (!isLast(await peer.nextMeaningful()));
}

/** How many violations one failure lists; the others are only counted. */
const LISTED = 5

/** Fails when one of these passive rules was violated on any connection of the run. */
export function expectNoBreach(t: Trial, ...rules: string[]): void {
  const breaches = rules.flatMap((rule) => t.context.ledger.breachesOf(rule))
  const shown = breaches.slice(0, LISTED).map(({ seenIn, detail }) => `${detail} (in ${seenIn})`)
  if (breaches.length > LISTED) shown.push(`and ${breaches.length - LISTED} more`)
  t.require(breaches.length === 0, t.entry.expect, shown.join('; ') || 'no violation on any connection of the run')
}
