import type { RowResult } from '../measure/measurement.ts'

/** A whole run, as `--json` writes it and `compare` reads it. */
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
