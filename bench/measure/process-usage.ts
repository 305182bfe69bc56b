import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

/** Jiffies per second as `/proc/PID/stat` counts them: USER_HZ, 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** Processor time of a process at one moment. */
export interface CpuReading {
  /** Nanoseconds that each thread has run and has waited for a processor, by thread id. */
  threads: Map<string, { ran: number; waited: number }>
  /** Microseconds of user and system time including ended threads, in steps of 10 ms. */
  coarseMicros: number
}

/** Processor time between two readings, in microseconds. */
export interface CpuSpent {
  ran: number
  /** Time in which a thread waited for a processor that another thread, possibly of the same process, used. */
  waited: number
}

/** Reads the processor time of `pid` and its descendants, or undefined where there is no `/proc` or no such process. */
export function readCpu(pid: number, proc = '/proc'): CpuReading | undefined {
  try {
    const reading: CpuReading = { threads: new Map(), coarseMicros: 0 }
    for (const member of familyOf(pid, proc)) addProcess(reading, member, proc)
    return reading
  } catch {
    return undefined
  }
}

/**
 * Returns the processor time between two readings: from the nanoseconds of the scheduler for all threads, or from the
 * coarse clock when a thread has ended in between, because its nanoseconds are lost.
 */
export function cpuSpentBetween(before: CpuReading, after: CpuReading): CpuSpent {
  const spent: CpuSpent = { ran: 0, waited: 0 }
  for (const [tid, { ran, waited }] of after.threads) {
    const earlier = before.threads.get(tid)
    spent.ran += (ran - (earlier?.ran ?? 0)) / 1000
    spent.waited += (waited - (earlier?.waited ?? 0)) / 1000
  }
  const hasLostThread = [...before.threads.keys()].some((tid) => !after.threads.has(tid))
  return hasLostThread ? { ...spent, ran: after.coarseMicros - before.coarseMicros } : spent
}

/**
 * Returns an upper bound of the time in which other processes used the processors, in microseconds. Threads of a server
 * also wait for each other, so the time that the server did not use itself is another bound.
 */
export function waitedForOthers({ ran, waited }: CpuSpent, micros: number, processors: number): number {
  return Math.min(waited, Math.max(0, micros * processors - ran))
}

/**
 * Returns the resident bytes of `pid` and its descendants, or undefined where there is no `/proc` or no such process.
 */
export function readResidentBytes(pid: number, proc = '/proc'): number | undefined {
  try {
    let bytes = 0
    for (const member of familyOf(pid, proc)) bytes += statusKilobytes(member, 'VmRSS', proc) * 1024
    return bytes
  } catch {
    return undefined
  }
}

/** Resets the peak to the current resident bytes. Has no effect where the kernel does not support it. */
export function clearPeakResidentBytes(pid: number, proc = '/proc'): void {
  try {
    writeFileSync(`${proc}/${pid}/clear_refs`, '5')
  } catch {
    // The peak then includes the start of the process: an upper bound.
  }
}

/** Returns the peak of the resident bytes of `pid` since `clearPeakResidentBytes`. */
export function readPeakResidentBytes(pid: number, proc = '/proc'): number | undefined {
  try {
    return statusKilobytes(pid, 'VmHWM', proc) * 1024
  } catch {
    return undefined
  }
}

function statusKilobytes(pid: number, field: string, proc: string): number {
  const status = readFileSync(`${proc}/${pid}/status`, 'latin1')
  return Number(status.match(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm'))?.[1] ?? 0)
}

function addProcess(reading: CpuReading, pid: number, proc: string): void {
  for (const tid of readdirSync(`${proc}/${pid}/task`)) {
    const times = readSchedstat(`${proc}/${pid}/task/${tid}/schedstat`)
    if (times) reading.threads.set(tid, times)
  }
  // The name in parentheses may contain spaces: count the fields after it. utime and stime are fields 14 and 15.
  const stat = readFileSync(`${proc}/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  reading.coarseMicros += ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS_PER_SECOND
}

/** Returns undefined when the thread ended between the listing and the reading. */
function readSchedstat(path: string): { ran: number; waited: number } | undefined {
  try {
    const [ran, waited] = readFileSync(path, 'latin1').split(' ').map(Number)
    return { ran, waited }
  } catch {
    return undefined
  }
}

function familyOf(pid: number, proc: string): number[] {
  const family = [pid]
  for (const tid of readdirSync(`${proc}/${pid}/task`)) {
    for (const child of childrenOf(`${proc}/${pid}/task/${tid}/children`)) {
      try {
        family.push(...familyOf(child, proc))
      } catch {
        // The child has ended in the meantime.
      }
    }
  }
  return family
}

/** Returns an empty list where the kernel was built without the list of children. */
function childrenOf(path: string): number[] {
  try {
    return readFileSync(path, 'latin1').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}
