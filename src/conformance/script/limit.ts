import type { Inbound, Peer } from '../peer/index.ts'
import type { Trial } from './trial.ts'

/** Codes for a message above a limit: too big, or against the policy of the server (RFC 6455 §7.4.1, §10.4). */
export const TOO_BIG_CODES: readonly number[] = [1009, 1008]

/** Codes for more than a target accepts: also “try again later”, which was registered after the RFC. */
const LIMIT_CODES: ReadonlySet<number | null> = new Set([...TOO_BIG_CODES, 1013])

/** What every target accepts on one connection: the frames of the simplest cases, and a payload with the short length. */
const ACCEPTED = { frames: 5, bytes: 125 }

/** What a target reads at once. Above that, a Close can be lost because TCP sends RST for unread bytes. */
const READ_AT_ONCE = { frames: 50, bytes: 4096 }

type Load = Peer['sent']

function exceeds(sent: Load, limit: Load): boolean {
  return sent.frames > limit.frames || sent.bytes > limit.bytes
}

/** Skips the case if this Close says that the target accepts no more than so many frames. */
export function skipIfLimiting(t: Trial, event: Inbound | null, frames: number): void {
  if (event?.kind !== 'close' || frames <= ACCEPTED.frames || !LIMIT_CODES.has(event.code)) return
  t.skip(`the target accepts no ${frames} frames: Close ${event.code}`)
}

/**
 * Returns whether this Close may be about the size of what was sent instead of what is wrong with it. A target may check
 * the size first.
 */
export function isTooBig({ sent }: Peer, event: Inbound | null): boolean {
  return event?.kind === 'close' && sent.bytes > ACCEPTED.bytes && TOO_BIG_CODES.includes(event.code ?? 0)
}

/**
 * Skips the case if the target closed because of the size or the number of what was sent, or may have: servers choose
 * their limits (RFC 6455 §7.4.1, §10.4). A server that closes TCP with unread bytes sends RST, and a Close before it is
 * then lost. `size` is that of the message in bytes, which is more than what was sent if that was compressed.
 */
export function skipIfLimited(t: Trial, peer: Peer, size = 0): void {
  const { closing, isCutOff } = peer
  const sent = { ...peer.sent, bytes: Math.max(peer.sent.bytes, size) }
  const load = sent.frames > 1 ? `${sent.bytes} bytes in ${sent.frames} frames` : `message of ${sent.bytes} bytes`
  const { code, tcp } = closing
  if (exceeds(sent, ACCEPTED) && LIMIT_CODES.has(code)) t.skip(`the target accepts no ${load}: Close ${code}`)
  if (exceeds(sent, READ_AT_ONCE) && code === null && (tcp === 'rst' || isCutOff))
    t.skip(`TCP was reset after a load (${load}); a Close because of a limit would be lost`)
}
