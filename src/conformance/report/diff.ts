import type { CaseResult, RunResult, Verdict } from '../result.ts'
import { createPainter, printable } from './plain-text.ts'

/** A case whose verdict is another one now. */
export interface VerdictChange {
  id: string
  title: string
  from: Verdict
  to: Verdict
}

/** An observation, or the close code of a case, that is another one now. */
export interface ObservationChange {
  name: string
  from: unknown
  to: unknown
}

/** What two results of one target, or of two, do not share. */
export interface ResultDiff {
  /** Worse than before; a case that was skipped or only noted and fails now counts too. */
  regressions: VerdictChange[]
  fixes: VerdictChange[]
  /** Neither better nor worse: to or from `skip` and `info`. */
  moved: VerdictChange[]
  new: CaseResult[]
  gone: CaseResult[]
  /** Observations that changed, and close codes of cases whose verdict did not; times are left out. */
  observations: ObservationChange[]
  /** Cases of both. */
  common: number
  /** Versions of the catalogue, old and new. */
  catalogues: [number, number]
}

/** Badness; `info` and `skip` judge nothing. */
const badness: Record<Verdict, number> = { pass: 0, info: 0, skip: 0, flaky: 1, warn: 2, error: 3, fail: 4, crash: 5 }

/** Compares two results case by case; cases of only one of them are listed, not compared. */
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

/** JSON with sorted keys: two runs may have met the same things in another order. */
function stableText(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      inner !== null && typeof inner === 'object' && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
        : inner,
    ) ?? 'none'
  )
}

/** The changes as text, worst first; the last line sums up. */
export function formatDiff(diff: ResultDiff, { color }: { color: boolean }): string {
  const paint = createPainter(color)
  const changes = ({ id, title, from, to }: VerdictChange): string => `  ${id}  ${from} -> ${to}  ${printable(title)}`
  const single = ({ id, title, verdict }: CaseResult): string => `  ${id}  ${verdict}  ${printable(title)}`
  const blocks: [title: string, lines: string[]][] = [
    [paint('regressions', 'bold', 'red'), diff.regressions.map(changes)],
    [paint('fixes', 'bold', 'green'), diff.fixes.map(changes)],
    [paint('changed', 'bold'), diff.moved.map(changes)],
    [paint('new cases', 'bold'), diff.new.map(single)],
    [paint('gone cases', 'bold'), diff.gone.map(single)],
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
