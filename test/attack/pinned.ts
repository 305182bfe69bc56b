import { type Finding, finding, formatMib } from './finding.ts'
import { untilStable } from './fresh-echo.ts'
import type { Target } from './target.ts'

/** Maximum of memory in use, as a multiple of the limits. */
const SHARE = 1.5

/** The maximum growth of the memory of a target during an attack, in bytes. */
export interface Growth {
  /** Memory in use after a garbage collection. */
  pinned: number
  /** Resident memory, including dead buffers that V8 has not freed yet. */
  resident: number
}

/** Runs an attack on a target that measures `pinned`, and ends the target. */
export async function pinnedBy(target: Target, attack: (target: Target) => Promise<void>): Promise<Growth> {
  try {
    await untilStable(target)
    const pinned = await target.pinned()
    const { resident } = target
    target.resetPeak()
    await attack(target)
    return { pinned: (await target.pinned()) - pinned, resident: target.peak - resident }
  } finally {
    await target.stop()
  }
}

/** Compares the growth with the limit in bytes. */
export function memoryFinding(attack: string, { pinned, resident }: Growth, limit: number): Finding {
  const measured = `${formatMib(pinned)}, resident ${formatMib(resident)}`
  return finding(attack, measured, `≤ ${formatMib(SHARE * limit)}`, pinned <= SHARE * limit)
}
