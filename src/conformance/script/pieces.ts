import { type Chop, sleep } from '../wire/index.ts'
import type { Case } from './case.ts'
import { Fence } from './fence.ts'
import type { Trial } from './trial.ts'

/** Milliseconds between two pieces when nothing shows that the target has read the first one. */
const PAUSE = 5
/** By how many milliseconds a timer of a machine that is not busy is late at most, and how often it is set again. */
const LATENESS = 5
const PAUSES = 4

/** The tag of a case that sends in pieces: a good verdict may be due to pieces that arrived together. */
export const inPiecesTag: Pick<Case, 'tags'> = { tags: ['timing'] }

/** How to separate pieces. */
export interface PieceOptions {
  /** Milliseconds to wait after each piece in any case; default 0. */
  pause?: number
}

/**
 * Splits a write after the opening handshake into pieces of these sizes that the target reads separately. The verdicts
 * of a case that uses it need the tag `timing`.
 */
export function inPieces(t: Trial, size: Chop['size'], { pause = 0 }: PieceOptions = {}): Chop {
  const fence = Fence.of(t)
  const settle = async (): Promise<void> => {
    if (pause > 0) await sleep(pause)
    if (!(await fence.pass())) await pauseBetween(Math.max(PAUSE - pause, 0))
  }
  return { size, settle }
}

/**
 * Splits an HTTP head into pieces, with a pause between them. A second connection could make a server that serves only
 * a few refuse the handshake, so it is not used.
 */
export function headInPieces(size: Chop['size']): Chop {
  return { size, settle: () => pauseBetween(PAUSE) }
}

/** Splits an HTTP head into its bytes. A few of its hundreds of boundaries suffice, so the pauses are short. */
export const headInBytes: Chop = { size: 1, settle: () => sleep(1), isEach: true }

/** Waits until a timer ends in time. A late one shows that the machine is busy, and then the peer may be late as well. */
async function pauseBetween(milliseconds: number): Promise<void> {
  for (let count = 0; count < PAUSES; count++) {
    const began = performance.now()
    await sleep(milliseconds)
    if (performance.now() - began <= milliseconds + LATENESS) return
  }
}
