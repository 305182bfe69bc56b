import type { Dialect, Target } from '../load/workload.ts'
import { type CpuReading, type CpuSpent, cpuSpentBetween } from './process-usage.ts'

/** Processor time at one moment: from the operating system, or in microseconds as reported by the server. */
export type ServerCpu = { system: CpuReading } | { reported: number } | undefined

/** A server that is measured. */
export interface MeasuredServer {
  readonly name: string
  readonly version: string
  readonly target: Target
  readonly dialect: Dialect
  readonly pid: number | undefined
  readCpu(): Promise<ServerCpu>
  /** Returns the resident bytes, after garbage collection where the server supports that. */
  readResidentBytes(): Promise<number | undefined>
  stop(): Promise<void>
}

/** Returns the processor time between two readings, or undefined when it is unknown. */
export function cpuBetween(before: ServerCpu, after: ServerCpu): CpuSpent | undefined {
  if (!before || !after) return undefined
  if ('system' in before) return 'system' in after ? cpuSpentBetween(before.system, after.system) : undefined
  return 'reported' in after ? { ran: after.reported - before.reported, waited: 0 } : undefined
}

/** Thrown when a server is not installed. */
export class MissingServerError extends Error {
  override name = 'MissingServerError'
}
