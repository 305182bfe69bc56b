import { readdirSync, readFileSync } from 'node:fs'
import { poll } from '../wire/index.ts'

/** How many times longer than usual to wait for a process that does not get a processor. */
const LONGEST = 8
/** Milliseconds of run delay that are worth another wait. */
const LEAST_DELAY = 50

/**
 * Polls like `poll`, but the time for which the checked process waited for a processor does not count. A busy machine
 * must not make a slow process look hung.
 *
 * @param runDelay the total of that time, in milliseconds.
 */
export async function pollRunning(
  check: () => Promise<boolean>,
  timeout: number,
  runDelay: () => number,
): Promise<boolean> {
  const began = performance.now()
  const before = runDelay()
  let left = timeout
  do {
    if (await poll(check, left)) return true
    const due = began + Math.min(timeout + runDelay() - before, timeout * LONGEST)
    left = due - performance.now()
  } while (left >= LEAST_DELAY)
  return false
}

/**
 * Returns the milliseconds for which a thread of this process group was ready to run and waited for a processor: the
 * longest of all threads. Returns 0 on a system without `/proc/PID/schedstat`.
 */
export function runDelayOf(group: number): number {
  const processes = list('/proc').filter((name) => /^\d+$/.test(name) && groupOf(name) === group)
  const threads = processes.flatMap((pid) => list(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`))
  return Math.max(0, ...threads.map(delayOfThread))
}

/** Reads the second field, in nanoseconds. */
function delayOfThread(path: string): number {
  return Number(read(`${path}/schedstat`).split(' ')[1] ?? 0) / 1e6
}

/** Returns the process group. The name of the program, in parentheses, may contain spaces. */
function groupOf(pid: string): number {
  return Number(
    read(`/proc/${pid}/stat`)
      .replace(/^.*\) /s, '')
      .split(' ')[2],
  )
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Returns an empty string for a file of a process that has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
