import { Mismatch, type Peer } from '../peer/index.ts'
import { fieldValue } from '../wire/index.ts'
import { describeAnswer, type Handshake, isBusy, isEnded, type OpenOptions } from './handshake.ts'
import type { RunContext } from './run-context.ts'

/** A trial that wants a connection. */
interface Applicant {
  readonly context: RunContext
  refused: boolean
  opened: boolean | null
  firstRefusal: number | null
  noteTimeout(): void
  attempt(options?: OpenOptions): Promise<Handshake>
  release(peer: Peer): void
  skip(reason: string): never
}

/** Milliseconds for which a connection waits until the target admits it. */
export const PATIENCE = 2_000
/** The same for a target that limits the rate of connections. They need not be refused when they come later. */
const RATE_PATIENCE = 5_000
/** Milliseconds after the first refusal in which a case must have opened its connections. */
const CASE_PATIENCE = 20_000
/** Milliseconds before the first repetition. Each further pause is twice as long, up to a limit. */
const FIRST_PAUSE = 25
const LONGEST_PAUSE = 200
/**
 * How often a request is refused while a plain one is served, until the refusal is about the request. A target that has
 * refused plain requests in this run may still do both by chance.
 */
const ROUNDS = 4
/** The same while no other connection is open. The target may not have noticed yet that those before are closed. */
const ROUNDS_ALONE = 2

/**
 * Makes a handshake on a new connection. A server may limit how many connections it serves and how fast they come: a 429
 * or 503, or the end of a connection beside others, may say nothing about the request. It is then repeated for a short
 * time. When the target serves no plain request either, the case is skipped.
 */
export async function admit(t: Applicant, options: OpenOptions): Promise<Handshake> {
  const wasRefused = t.refused
  const { crowd } = t.context
  const began = performance.now()
  let isPlainRefused = false
  for (let round = 1; ; round++) {
    const handshake = await t.attempt(options)
    if (!isCrowdedOut(t, handshake)) {
      t.refused = wasRefused
      return handshake
    }
    t.refused = true
    const plain = await tryPlain(t, handshake)
    if (plain === 'refused') isPlainRefused = crowd.isLimited = true
    const wait = pauseAfter(handshake, round)
    const rounds = crowd.hasOpenBeside(handshake.peer.transport.stream) ? ROUNDS : ROUNDS_ALONE
    const isOver = isLate(t, handshake, began, wait) || (round >= rounds && !crowd.isLimited)
    if (plain === 'dead' || (isOver && !isPlainRefused)) return handshake
    if (isOver) skipUnserved(t, handshake)
    t.release(handshake.peer)
    await crowd.wait(t, wait)
  }
}

/** Returns whether other connections, and not the request, may be why a handshake has failed. */
export function isCrowdedOut(t: Applicant, handshake: Pick<Handshake, 'peer' | 'response'>): boolean {
  if (isBusy(handshake.response)) return true
  return isEnded(handshake) && t.context.crowd.sizeBeside(handshake.peer.transport.stream) > 0
}

/** Returns the milliseconds until a refused handshake is repeated, which the target may ask for (RFC 9110 §10.2.3). */
export function pauseAfter({ response }: Pick<Handshake, 'response'>, round: number): number {
  const pause = Math.min(FIRST_PAUSE * 2 ** (round - 1), LONGEST_PAUSE)
  const value = response === null ? null : fieldValue(response, 'retry-after')
  if (value === null) return pause
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000
  return Math.max(pause, seconds * 1000 || 0)
}

/** Returns whether it is too late to repeat a handshake after a pause. */
function isLate(t: Applicant, { response }: Handshake, began: number, pause: number): boolean {
  const now = performance.now()
  t.firstRefusal ??= now
  const patience = response?.status === 429 ? RATE_PATIENCE : PATIENCE
  return now + pause > Math.min(began + patience, t.firstRefusal + CASE_PATIENCE)
}

/** Makes a plain request after a refusal, which shows whether the refusal is about the request. */
async function tryPlain(t: Applicant, { response }: Handshake): Promise<'served' | 'refused' | 'dead'> {
  if (response?.status === 429) return 'refused'
  const { opened } = t
  try {
    const plain = await t.attempt()
    t.opened = opened
    t.release(plain.peer)
    return plain.response?.status === 101 ? 'served' : 'refused'
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error
    return /ECONNREFUSED|ENOENT/.test(error.actual) ? 'dead' : 'refused'
  }
}

/** Skips a case whose connection the target does not serve. */
export function skipUnserved(t: Applicant, { peer, response }: Pick<Handshake, 'peer' | 'response'>): never {
  const count = t.context.crowd.sizeBeside(peer.transport.stream)
  if (response?.status === 429 && count === 0) skipCrowded(t, 'the target limits the rate of connections (429)')
  const answer = response?.status ?? describeAnswer(response, peer)
  skipCrowded(t, `the target serves no further connection beside others of this tester (${answer})`)
}

/** Skips a case for which there are too many connections. When some belong to other cases, it is repeated without them. */
export function skipCrowded(t: Applicant, reason: string): never {
  t.refused = true
  if (t.context.crowd.hasOthersThan(t)) t.noteTimeout()
  t.skip(reason)
}
