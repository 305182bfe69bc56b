import type { RowResult } from '../measure/measurement.ts'

/** The report of a run, which `--json` writes and `compare` reads. */
export interface Report {
  format: 1
  date: string
  command: string
  node: string
  platform: string
  cpu: string
  cpuCount: number
  pinned: boolean
  rows: RowResult[]
}
