import type { Report } from './result.ts'
export function formatHtml(report: Report): string {
  return JSON.stringify(report)
}
