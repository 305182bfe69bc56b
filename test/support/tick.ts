import { watchTest } from './unit.ts'

/** Resolves when everything that was queued for the end of this tick has run. */
export const endOfTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * Lets the event loop turn: what was written before to a socket of the loopback without delay (`noDelay`) is readable at
 * its next turn, so that whatever follows from it in this process has happened.
 */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await endOfTick()
}

/** Turns of the event loop after which a condition is checked less often: other processes need the processor. */
const BUSY_TURNS = 100
/** Milliseconds between two checks in the end. */
const LONGEST_PAUSE = 10

/** The real one, whatever a test does to the clock. */
const { setTimeout } = globalThis
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/**
 * Resolves when the condition holds, which is checked in every turn of the event loop, later every few milliseconds. The
 * bound is the time limit of the test; when that has ended, nobody waits any more.
 */
export async function until(isSo: () => unknown): Promise<void> {
  const isOver = watchTest()
  for (let count = 0; !(await isSo()); count++) {
    if (isOver()) throw new Error('the test ended before its condition was true')
    const excess = count - BUSY_TURNS
    await (excess < 0 ? endOfTick() : pause(Math.min(1 + excess / 100, LONGEST_PAUSE)))
  }
}
