import type { Dialect, Target } from '../load/workload.ts'
import { type CpuReading, type CpuSpent, cpuSpentBetween } from './process-usage.ts'

/** Processor time at one moment: from the operating system, or else as the server itself reports it, in microseconds. */
export type ServerCpu = { system: CpuReading } | { reported: number } | undefined

/** A server under measurement, whoever started it. */
export interface MeasuredServer {
  readonly name: string
  readonly version: string
  readonly target: Target
  readonly dialect: Dialect
  readonly pid: number | undefined
  readCpu(): Promise<ServerCpu>
  /** Resident bytes, after garbage collection where the server supports that. */
  readResidentBytes(): Promise<number | undefined>
  stop(): Promise<void>
}

/** Processor time between two readings of one server; undefined when it is unknown. */
export function cpuBetween(before: ServerCpu, after: ServerCpu): CpuSpent | undefined {
  if (!before || !after) return undefined
  if ('system' in before) return 'system' in after ? cpuSpentBetween(before.system, after.system) : undefined
  return 'reported' in after ? { ran: after.reported - before.reported, waited: 0 } : undefined
}

/** A server that is not installed here. */
export class MissingServerError extends Error {
  override name = 'MissingServerError'
}
