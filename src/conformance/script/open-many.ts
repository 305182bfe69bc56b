import { Mismatch, type Peer } from '../peer/index.ts'
import { type Response, sleep } from '../wire/index.ts'
import { inParallel } from './in-parallel.ts'
import { describeAnswer, type Trial } from './trial.ts'

/** Milliseconds between two attempts at a target that is busy. */
const PAUSE = 50

/** Whether a target says that it serves enough others (RFC 9110 §15.6.4, RFC 6585 §4). */
export function isBusy(response: Response | null): boolean {
  return response?.status === 503 || response?.status === 429
}

/**
 * Opens connections that stay open, `width` at a time. A limit of their number is a choice of the target: when it refuses
 * some of them, with a status or by the end of TCP, and serves others, the case is skipped (RFC 6455 §10.4).
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
    if (!isBusy(response) && !(response === null && peer.ended)) throw mismatch
    refusal = mismatch
  })
  if (refusal !== null && peers.length === 0) throw refusal
  if (refusal !== null) t.skip(`the target serves ${peers.length} of ${count} connections at once`)
  return peers
}

/** Opens a connection; a target that is busy, such as with those that were just abandoned, gets the time of one event. */
export async function openWhenFree(t: Trial): Promise<Peer> {
  const deadline = performance.now() + t.timeout
  for (;;) {
    const { peer, response } = await t.handshake()
    if (response?.status === 101) return peer
    if (!isBusy(response) || performance.now() >= deadline) {
      throw new Mismatch('101 Switching Protocols', describeAnswer(response, peer))
    }
    await sleep(PAUSE)
  }
}
