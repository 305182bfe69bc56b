import { watchTest } from './unit.ts'

/** Resolves when everything that was queued for the end of this tick has run. */
export const endOfTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * Waits for `count` turns of the event loop. What was written to a socket of the loopback with `noDelay` is readable in
 * the next turn, so its effects in this process have happened by then.
 */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await endOfTick()
}

/**
 * Turns of the event loop after which a condition is checked less often, because other processes need the processor.
 */
const BUSY_TURNS = 100
/** Maximum number of milliseconds between two checks. */
const LONGEST_PAUSE = 10

/** The real timer function, even when a test replaces the clock. */
const { setTimeout } = globalThis
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/**
 * Resolves when the condition is true. It is checked in every turn of the event loop, later every few milliseconds,
 * until the test ends. The time limit of the test also limits this wait.
 */
export async function until(isSo: () => unknown): Promise<void> {
  const isOver = watchTest()
  for (let count = 0; !(await isSo()); count++) {
    if (isOver()) throw new Error('the test ended before its condition was true')
    const excess = count - BUSY_TURNS
    await (excess < 0 ? endOfTick() : pause(Math.min(1 + excess / 100, LONGEST_PAUSE)))
  }
}
