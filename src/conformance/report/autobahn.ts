import { type AutobahnVerdict, autobahnIds, toAutobahnVerdict } from '../autobahn-verdict.ts'
import type { CaseResult, RunResult } from '../result.ts'

interface AutobahnRow extends AutobahnVerdict {
  duration: number
  remoteCloseCode: number | null
  reportfile: string
}

/** Formats `index.json` of Autobahn: the verdicts by agent and case, for the cases that Autobahn has. */
export function formatAutobahn(results: RunResult[]): string {
  const index: Record<string, Record<string, AutobahnRow>> = {}
  for (const { target, cases } of results) {
    index[target.label] ??= {}
    const rows = index[target.label]
    for (const result of cases) {
      for (const id of autobahnIds(result)) rows[id] = describeCase(result, target.label, id)
    }
  }
  return `${JSON.stringify(index, null, 3)}\n`
}

function describeCase(result: CaseResult, agent: string, id: string): AutobahnRow {
  return {
    ...toAutobahnVerdict(result),
    duration: Math.round(result.duration_ms),
    remoteCloseCode: result.close.code,
    reportfile: `${agent}_case_${id}`
      .replace(/[^A-Za-z0-9]+/g, '_')
      .toLowerCase()
      .concat('.json'),
  }
}
