import type { CaseResult, RunResult, Verdict } from '../result.ts'
import { createPainter, printable } from './plain-text.ts'

/** A case whose verdict has changed. */
export interface VerdictChange {
  id: string
  title: string
  from: Verdict
  to: Verdict
}

/** An observation, or the close code of a case, that has changed. */
export interface ObservationChange {
  name: string
  from: unknown
  to: unknown
}

/** The differences between two results, of one target or of two. */
export interface ResultDiff {
  /** Cases that are worse than before. Includes cases that fail now and were skipped or only noted. */
  regressions: VerdictChange[]
  fixes: VerdictChange[]
  /** Cases that are neither better nor worse: changes to or from `skip` and `info`. */
  moved: VerdictChange[]
  new: CaseResult[]
  gone: CaseResult[]
  /** Changed observations without times, and changed close codes of cases with the same verdict. */
  observations: ObservationChange[]
  /** The number of cases in both results. */
  common: number
  /** The versions of the catalogue, old and new. */
  catalogues: [number, number]
}

/** Verdicts by severity, without `info` and `skip`. */
const badness: Record<Verdict, number> = { pass: 0, info: 0, skip: 0, flaky: 1, warn: 2, error: 3, fail: 4, crash: 5 }

/** Compares two results case by case. Cases that only one of them has are listed. */
export function diffResults(old: RunResult, next: RunResult): ResultDiff {
  const before = new Map(old.cases.map((result) => [result.id, result]))
  const after = new Set(next.cases.map(({ id }) => id))
  const diff: ResultDiff = {
    regressions: [],
    fixes: [],
    moved: [],
    new: next.cases.filter(({ id }) => !before.has(id)),
    gone: old.cases.filter(({ id }) => !after.has(id)),
    observations: diffObservations(old.observations, next.observations),
    common: 0,
    catalogues: [old.catalogue, next.catalogue],
  }
  for (const result of next.cases) {
    const previous = before.get(result.id)
    if (!previous) continue
    diff.common++
    compareCases(previous, result, diff)
  }
  return diff
}

function compareCases(previous: CaseResult, result: CaseResult, diff: ResultDiff): void {
  const { verdict: from } = previous
  const { id, title, verdict: to } = result
  if (from === to) {
    if (previous.close.code !== result.close.code) {
      diff.observations.push({ name: `${id} close code`, from: previous.close.code, to: result.close.code })
    }
    return
  }
  const unjudged = to === 'skip' || to === 'info'
  const change: VerdictChange = { id, title, from, to }
  if (badness[to] > badness[from]) diff.regressions.push(change)
  else if (badness[to] < badness[from] && !unjudged) diff.fixes.push(change)
  else diff.moved.push(change)
}

function diffObservations(old: Record<string, unknown>, next: Record<string, unknown>): ObservationChange[] {
  const names = [...new Set([...Object.keys(old), ...Object.keys(next)])].filter((name) => !name.endsWith('_ms'))
  return names
    .map((name) => ({ name, from: old[name], to: next[name] }))
    .filter(({ from, to }) => stableText(from) !== stableText(to))
}

/** Formats JSON with sorted keys, because two runs may observe the same values in a different order. */
function stableText(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      inner !== null && typeof inner === 'object' && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
        : inner,
    ) ?? 'none'
  )
}

/** Formats the changes as text, worst first. The last line is a summary. */
export function formatDiff(diff: ResultDiff, { color }: { color: boolean }): string {
  const paint = createPainter(color)
  const changes = ({ id, title, from, to }: VerdictChange): string => `  ${id}  ${from} -> ${to}  ${printable(title)}`
  const single = ({ id, title, verdict }: CaseResult): string => `  ${id}  ${verdict}  ${printable(title)}`
  const blocks: [title: string, lines: string[]][] = [
    [paint('regressions', 'bold', 'red'), diff.regressions.map(changes)],
    [paint('fixes', 'bold', 'green'), diff.fixes.map(changes)],
    [paint('changed', 'bold'), diff.moved.map(changes)],
    [paint('new cases', 'bold'), diff.new.map(single)],
    [paint('removed cases', 'bold'), diff.gone.map(single)],
    [
      paint('observations', 'bold'),
      diff.observations.map(
        ({ name, from, to }) => `  ${printable(`${name}  ${stableText(from)} -> ${stableText(to)}`)}`,
      ),
    ],
  ]
  const [oldCatalogue, newCatalogue] = diff.catalogues
  const versions =
    oldCatalogue === newCatalogue
      ? ''
      : ` (catalogue ${oldCatalogue} and ${newCatalogue}: only common cases are compared)`
  const counts = `${diff.regressions.length} regressions, ${diff.fixes.length} fixes, ${diff.new.length} new, ${diff.gone.length} gone`
  return [
    ...blocks.filter(([, lines]) => lines.length > 0).map(([title, lines]) => `${title}\n${lines.join('\n')}\n`),
    `${counts}; ${diff.common} cases compared${versions}`,
    '',
  ].join('\n')
}
