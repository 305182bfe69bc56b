import { Mismatch, type Peer } from '../peer/index.ts'
import { type Response, sleep } from '../wire/index.ts'
import { inParallel } from './in-parallel.ts'
import { describeAnswer, type Trial } from './trial.ts'

/** Milliseconds between two attempts to connect to a busy target. */
const PAUSE = 50

/**
 * Returns whether a response means that the target has reached its limit of connections (RFC 9110 §15.6.4, RFC 6585
 * §4).
 */
export function isBusy(response: Response | null): boolean {
  return response?.status === 503 || response?.status === 429
}

/**
 * Opens connections that stay open, `width` at a time. Targets choose how many they accept: when a target serves some
 * and refuses others with a status or by the end of TCP, or lets them wait, the case is skipped (RFC 6455 §10.4).
 */
export async function openMany(t: Trial, count: number, width: number = count): Promise<Peer[]> {
  const numbers = Array.from({ length: count }, (_, index) => index)
  const peers: Peer[] = []
  let refusal: Mismatch | null = null
  await inParallel(numbers, width, async () => {
    const { peer, response } = await t.handshake()
    if (response?.status === 101) {
      peers.push(peer)
      return
    }
    const mismatch = new Mismatch('101 Switching Protocols', describeAnswer(response, peer))
    if (!isBusy(response) && response !== null) throw mismatch
    refusal = mismatch
  })
  if (refusal !== null && peers.length === 0) throw refusal
  if (refusal !== null) t.skip(`the target serves ${peers.length} of ${count} connections at the same time`)
  return peers
}

/**
 * Opens a connection. Repeats that for `timeout` milliseconds when the target is busy, for example with abandoned
 * connections.
 */
export async function openWhenFree(t: Trial, timeout = t.timeout): Promise<Peer> {
  const deadline = performance.now() + timeout
  for (;;) {
    const { peer, response } = await t.handshake({ timeout })
    if (response?.status === 101) return peer
    const isLate = performance.now() >= deadline
    if (isLate) t.noteTimeout()
    if (!isBusy(response) || isLate) {
      throw new Mismatch('101 Switching Protocols', describeAnswer(response, peer))
    }
    await sleep(PAUSE)
  }
}
