import { formatAutobahn } from './autobahn.ts'
import { formatBadge } from './badge.ts'
import type { Format } from './context.ts'
import { formatGithub } from './github.ts'
import { formatHtml } from './html.ts'
import { formatJson, formatJsonLines } from './json.ts'
import { formatJunit } from './junit.ts'
import { formatMarkdown } from './markdown.ts'
import { formatTap } from './tap.ts'
import { formatText } from './text.ts'

export type { Format, ReportContext, Requirement } from './context.ts'
export { diffResults, formatDiff, type ResultDiff } from './diff.ts'
export { parseResults } from './json.ts'
export { matrixHtml, matrixMarkdown, matrixText } from './matrix.ts'
export { Progress, type ProgressOptions } from './progress.ts'
export { formatScript, type ScriptSubject } from './script.ts'
export { isFailure, judge } from './verdict.ts'

/** The formats of `-o FORMAT[:PATH]`, by name. */
export const formats: Record<string, Format> = {
  text: formatText,
  json: formatJson,
  jsonl: formatJsonLines,
  junit: formatJunit,
  tap: formatTap,
  markdown: formatMarkdown,
  github: formatGithub,
  badge: formatBadge,
  html: formatHtml,
  autobahn: formatAutobahn,
}
