import { describeInbound, type Peer } from '../../peer/index.ts'
import {
  type Case,
  echoFault,
  expectAlive,
  loadTimeout,
  type RunContext,
  type Trial,
  writeBefore,
} from '../../script/index.ts'
import { type FrameSpec, Op } from '../../wire/index.ts'

const KIBIBYTE = 1024
const MEBIBYTE = 1024 * KIBIBYTE

/** The size with which the search begins, in bytes. */
const FIRST_SIZE = 64 * KIBIBYTE

/** Above this size, the limit is determined only to within a thousandth, because each further message takes time. */
const EXACT_SIZE = MEBIBYTE

/**
 * The largest accepted message, and the smallest refused one, or null when all up to `--max-message` are accepted (RFC
 * 6455 §10.4).
 */
export interface Limit {
  accepted: number
  refused: number | null
  refusal: string | null
}

const found = new WeakMap<RunContext, Limit>()

/** Tries messages one after the other. Replaces a connection that refuses one. */
class Prober {
  refusal: string | null = null
  /** Whether silence was taken for a refusal. The target may only have been slow. */
  isUncertain = false
  readonly #t: Trial
  #peer: Peer | null = null

  constructor(t: Trial) {
    this.#t = t
  }

  /** Resolves to whether a message of this size is echoed. */
  async accepts(size: number): Promise<boolean> {
    this.#peer ??= await this.#t.open()
    const peer = this.#peer
    const message = { opcode: Op.BINARY, payload: Buffer.alloc(size, 0x2a) }
    await peer.sendFrame(message)
    const event = await peer.nextMeaningful(loadTimeout(this.#t))
    if (event?.kind === 'message') {
      const fault = echoFault(this.#t, event, message)
      this.#t.require(fault === null, `the echo of ${size} bytes, or a refusal`, fault ?? 'the same bytes')
      return true
    }
    this.refusal = describeInbound(event, loadTimeout(this.#t))
    this.isUncertain ||= event === null
    this.#t.release(peer)
    this.#peer = null
    return false
  }
}

/**
 * Finds the largest accepted message: doubles the size up to `--max-message`, then bisects. This happens once per run,
 * unless the target was silent (RFC 6455 §10.4).
 */
export async function findLimit(t: Trial): Promise<Limit> {
  const known = found.get(t.context)
  if (known !== undefined) return known
  const prober = new Prober(t)
  const { maxMessage } = t.context
  let accepted = 0
  let refused = maxMessage + 1
  for (let size = Math.min(FIRST_SIZE, maxMessage); accepted < maxMessage && refused > maxMessage; size *= 2) {
    const next = Math.min(size, maxMessage)
    if (await prober.accepts(next)) accepted = next
    else refused = next
  }
  while (refused <= maxMessage && refused - accepted > (accepted > EXACT_SIZE ? accepted / 1000 : 1)) {
    const middle = Math.floor((accepted + refused) / 2)
    if (!(await prober.accepts(middle))) refused = middle
    else {
      accepted = middle
      // Most limits are round numbers, which bisection tries long before it ends.
      if (middle + 1 < refused && !(await prober.accepts(middle + 1))) refused = middle + 1
    }
  }
  const limit = { accepted, refused: refused > maxMessage ? null : refused, refusal: prober.refusal }
  if (!prober.isUncertain) found.set(t.context, limit)
  return limit
}

async function reportLimit(t: Trial): Promise<void> {
  const { accepted, refused, refusal } = await findLimit(t)
  t.observe('message_limit', refused === null ? `${accepted} bytes or more` : accepted)
  if (refused !== null) t.note(`${refused} bytes: ${refusal}`)
}

/**
 * Sends fragments that together exceed the limit of one frame, or all accepted bytes when there is no limit. The same
 * limit must apply.
 */
async function checkFragmentLimit(t: Trial): Promise<void> {
  const { accepted, refused } = await findLimit(t)
  const total = refused ?? accepted
  const peer = await t.open()
  for (let sent = 0; sent < total && peer.queued.length === 0 && !peer.ended; sent += MEBIBYTE) {
    const payload = Buffer.alloc(Math.min(MEBIBYTE, total - sent), 0x2a)
    await peer.sendFrame({ opcode: sent === 0 ? Op.BINARY : Op.CONT, payload, fin: false })
  }
  await peer.sendPing('limit')
  const event = await peer.nextMeaningful(loadTimeout(t))
  const shown = describeInbound(event, loadTimeout(t))
  if (refused === null) {
    t.require(event?.kind === 'pong', `${total} bytes in fragments are accepted, as in one frame`, shown)
    t.note(`no limit up to ${total} bytes`)
    return
  }
  const isEnd = event?.kind === 'close' || event?.kind === 'end'
  t.require(isEnd, `1009 or the end after ${total} bytes in fragments, as in one frame`, shown)
  t.note(shown)
}

/** Milliseconds and bytes of the endless text message. */
const ENDLESS_TIME = 3000
const ENDLESS_SIZE = 512 * MEBIBYTE
/** How many fragments are written at once. */
const BATCH = 16

async function sendEndless(t: Trial): Promise<void> {
  const peer = await t.open()
  const fragment: FrameSpec = { opcode: Op.CONT, payload: Buffer.alloc(4 * KIBIBYTE, 0x2a), fin: false }
  await peer.sendFrame({ ...fragment, opcode: Op.TEXT })
  const batch = Buffer.concat(Array.from({ length: BATCH }, () => peer.frameBytes(fragment)))
  const deadline = performance.now() + ENDLESS_TIME
  let sent = 0
  while (performance.now() < deadline && sent < ENDLESS_SIZE && peer.queued.length === 0 && !peer.ended) {
    if (await writeBefore(peer, batch, deadline)) sent += batch.length
    else t.note('the target stops reading')
  }
  const size = `${Math.round(sent / MEBIBYTE)} MiB`
  const event = peer.queued[0]
  t.note(event === undefined ? `open after ${size}` : `${describeInbound(event, 0)} after ${size}`)
  t.release(peer)
  await expectAlive(t)
}

/** Limits of messages (RFC 6455 §10.4): `perf.limit-*`, `perf.unlimited`. */
export const messageLimits: Case[] = [
  { id: 'perf.limit-find', phase: 'alone', needs: ['echo'], limit: 120_000, run: reportLimit },
  { id: 'perf.limit-fragments', phase: 'alone', needs: ['echo'], limit: 120_000, run: checkFragmentLimit },
  { id: 'perf.unlimited', phase: 'last', tags: ['hostile'], run: sendEndless },
]
