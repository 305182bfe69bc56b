import type { RowResult } from '../../../bench/measure/measurement.ts'
import type { Report } from '../../../bench/report/report.ts'

/** Returns a report with these rows, of a fixed date and machine. */
export function reportOf(...rows: RowResult[]): Report {
  return {
    format: 1,
    date: '2026-01-01T00:00:00Z',
    command: 'dwebsocket bench echo',
    node: '20.0.0',
    platform: 'linux x64',
    cpu: 'a processor',
    cpuCount: 2,
    pinned: true,
    rows,
  }
}
