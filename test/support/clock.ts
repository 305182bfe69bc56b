import { mock } from 'node:test'
import type { TestContext } from './unit.ts'

/** A clock that the test advances. */
export interface StoppedClock {
  /** Advances the clock by this many milliseconds, and runs the timers that are due. */
  tick(milliseconds: number): void
}

/** Stops the timers and `performance.now` of this process until the test ends. */
export function stopClock(t: TestContext): StoppedClock {
  let time = performance.now()
  const now = mock.method(performance, 'now', () => time)
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  t.after(() => {
    mock.timers.reset()
    now.mock.restore()
  })
  return {
    tick(milliseconds) {
      // In small steps, so that each timer sees the time at which it is due.
      for (let left = milliseconds; left > 0; left -= 1) {
        time += Math.min(1, left)
        mock.timers.tick(Math.min(1, left))
      }
    },
  }
}
