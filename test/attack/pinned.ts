import { type Finding, finding, formatMib } from './finding.ts'
import { untilStable } from './fresh-echo.ts'
import type { Target } from './target.ts'

/** Memory in use over what the limits state. */
const SHARE = 1.5

/** What an attack has added to the memory of a target, at most, in bytes. */
export interface Growth {
  /** In use after a garbage collection. */
  pinned: number
  /** Resident: this includes dead buffers that V8 has not freed yet. */
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

/** Compares the growth with the limit that states it, in bytes. */
export function memoryFinding(attack: string, { pinned, resident }: Growth, limit: number): Finding {
  const measured = `${formatMib(pinned)}, resident ${formatMib(resident)}`
  return finding(attack, measured, `≤ ${formatMib(SHARE * limit)}`, pinned <= SHARE * limit)
}
