import { Mismatch, type Peer } from '../peer/index.ts'
import { isCrowdedOut, pauseAfter, skipCrowded, skipUnserved } from './admission.ts'
import { describeAnswer, isBusy } from './handshake.ts'
import { inParallel } from './in-parallel.ts'
import type { Trial } from './trial.ts'

/**
 * Opens connections that stay open, `width` at a time. Targets choose how many they accept: when a target serves some
 * and refuses others with a status or by the end of TCP, or lets them wait, the case is skipped (RFC 6455 §10.4).
 */
export async function openMany(t: Trial, count: number, width: number = count): Promise<Peer[]> {
  const numbers = Array.from({ length: count }, (_, index) => index)
  const peers: Peer[] = []
  let isRefused = false
  let silence: Mismatch | null = null
  await inParallel(numbers, width, async () => {
    const { peer, response } = await t.attempt()
    if (response?.status === 101) {
      peers.push(peer)
      return
    }
    const mismatch = new Mismatch('101 Switching Protocols', describeAnswer(response, peer))
    if (!isBusy(response) && response !== null) throw mismatch
    if (response === null && !peer.ended) silence = mismatch
    isRefused = true
  })
  if (peers.length === 0 && silence !== null) throw silence
  if (isRefused) skipCrowded(t, `the target serves ${peers.length} of ${count} connections at the same time`)
  return peers
}

/**
 * Opens a connection. Repeats that for `timeout` milliseconds when the target is busy, for example with abandoned
 * connections.
 */
export async function openWhenFree(t: Trial, timeout = t.timeout): Promise<Peer> {
  const deadline = performance.now() + timeout
  for (let round = 1; ; round++) {
    const handshake = await t.attempt({ timeout })
    const { peer, response } = handshake
    if (response?.status === 101) return peer
    const wait = pauseAfter(handshake, round)
    const isLate = performance.now() + wait >= deadline
    const isRefused = isCrowdedOut(t, handshake)
    if (isRefused) t.refused = true
    if (!isRefused || isLate) {
      if (response?.status === 429) skipUnserved(t, handshake)
      if (isLate) t.noteTimeout()
      throw new Mismatch('101 Switching Protocols', describeAnswer(response, peer))
    }
    t.release(peer)
    await t.context.crowd.wait(t, wait)
  }
}
