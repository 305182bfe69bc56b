import type { CaseResult, RunResult } from '../result.ts'
import type { ReportContext } from './context.ts'
import { formatHtml } from './html.ts'
import { code, escapeMarkdown, formatTable } from './markdown-table.ts'
import { createPainter, cutText, printable } from './plain-text.ts'
import { tints } from './text-finding.ts'
import { countVerdicts, groupCases, judge, judgedCount } from './verdict.ts'

interface MatrixRow {
  /** The case, or `pmd.data: 54 cases` where many differ in the same way. */
  id: string
  title: string
  /** One result per target; `undefined` where the case did not run. */
  cells: (CaseResult | undefined)[]
}

/** Returns the cases of all targets with their results, in the order in which the results have them. */
function collectRows(results: RunResult[]): MatrixRow[] {
  const rows = new Map<string, MatrixRow>()
  results.forEach(({ cases }, column) => {
    for (const result of cases) {
      const row = rows.get(result.id) ?? { id: result.id, title: result.title, cells: results.map(() => undefined) }
      row.cells[column] = result
      rows.set(result.id, row)
    }
  })
  return [...rows.values()]
}

/**
 * Returns the rows on which the targets differ. More than three rows of a group that differ in the same way become one.
 */
function differingRows(results: RunResult[]): MatrixRow[] {
  const alike = new Map<string, MatrixRow[]>()
  for (const row of collectRows(results)) {
    if (!isDiffering(row)) continue
    const words = row.cells.map((cell) => cell?.verdict)
    const key = JSON.stringify([groupOf(row), words])
    alike.set(key, [...(alike.get(key) ?? []), row])
  }
  return [...alike.values()].flatMap((rows) =>
    rows.length <= 3
      ? rows
      : [{ ...rows[0], id: `${groupOf(rows[0])}: ${rows.length} cases`, title: 'with the same differences' }],
  )
}

function groupOf({ cells }: MatrixRow): string {
  return cells.find((cell) => cell !== undefined)?.group ?? ''
}

function isDiffering({ cells }: MatrixRow): boolean {
  return new Set(cells.map((cell) => cell?.verdict)).size > 1
}

/** Returns the score per group and target, `231/233`, and the verdict of each target. */
function collectScores(results: RunResult[], context: ReportContext): string[][] {
  const columns = results.map(({ cases }) => new Map(groupCases(cases, true).map((group) => [group.name, group.cases])))
  const names = new Set(columns.flatMap((column) => [...column.keys()]))
  const scores = [...names].map((name) => [name, ...columns.map((column) => scoreOf(column.get(name)))])
  return [...scores, ['verdict', ...results.map((result) => judge(result, context).word.toLowerCase())]]
}

function scoreOf(cases: CaseResult[] | undefined): string {
  if (!cases) return '-'
  const counts = countVerdicts(cases)
  return judgedCount(counts) === 0 ? '-' : `${counts.pass}/${judgedCount(counts)}`
}

/** Formats several targets as columns: the groups, then the cases on which they differ. */
export function matrixText(results: RunResult[], context: ReportContext): string {
  const labels = results.map(({ target }) => printable(target.label))
  const rows = differingRows(results)
  const scores = collectScores(results, context)
  const first = Math.max(
    8,
    ...[...rows.map(({ id }) => id), ...scores.map(([name]) => name)].map(({ length }) => length),
  )
  const fair = Math.floor((context.width - first) / labels.length) - 2
  const wanted = Math.max(
    ...labels.map(({ length }) => length),
    ...scores.flatMap((cells) => cells.slice(1).map(({ length }) => length)),
  )
  const column = Math.max(7, Math.min(fair, wanted))
  const paint = createPainter(context.color)
  const line = (name: string, cells: string[]): string =>
    [name.padEnd(first), ...cells.map((cell) => cutText(cell, column).padEnd(column))].join('  ').trimEnd()
  const cases = rows.map(({ id, cells }) => {
    const words = cells.map((cell) => {
      const word = (cell?.verdict ?? '-').padEnd(column)
      return cell ? paint(word, tints[cell.verdict]) : word
    })
    return [id.padEnd(first), ...words].join('  ').trimEnd()
  })
  return [
    line('group', labels),
    ...scores.map(([name, ...cells]) => line(name, cells)),
    '',
    rows.length === 0 ? 'no case differs' : line(`${collectRows(results).filter(isDiffering).length} differ`, labels),
    ...cases,
  ].join('\n')
}

/** Formats the matrix as Markdown. */
export function matrixMarkdown(results: RunResult[], context: ReportContext): string {
  const labels = results.map(({ target }) => escapeMarkdown(target.label))
  const scores = formatTable(['group', ...labels], collectScores(results, context))
  const rows = differingRows(results).map(({ id, title, cells }) => [
    code(id),
    escapeMarkdown(title),
    ...cells.map((cell) => cell?.verdict ?? '-'),
  ])
  return rows.length === 0
    ? `${scores}\n\nNo case differs.`
    : `${scores}\n\n${formatTable(['case', 'title', ...labels], rows)}`
}

/** Formats the matrix as a page: the HTML report with one column per target. */
export function matrixHtml(results: RunResult[], context: ReportContext): string {
  return formatHtml(results, context)
}
