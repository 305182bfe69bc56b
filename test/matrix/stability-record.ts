import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { CaseResult } from '../../src/conformance/result.ts'

/** The verdicts of one run by row. */
export type Verdicts = Record<string, string>

/** The verdicts of all runs, by server and by kind of run: `-j8 busy #3`. A file stores them after each run. */
export class StabilityRecord {
  readonly #file: string
  readonly #runs: Record<string, Record<string, Verdicts>>

  /** Reads the runs that the file has; a file that does not exist has none. */
  constructor(file: string) {
    this.#file = file
    this.#runs = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  }

  has(label: string, kind: string): boolean {
    return this.#runs[label]?.[kind] !== undefined
  }

  /** Adds a run and writes the file. */
  add(label: string, kind: string, cases: readonly CaseResult[]): void {
    this.#runs[label] ??= {}
    this.#runs[label][kind] = Object.fromEntries(cases.map((result) => [result.id, describe(result)]))
    writeFileSync(this.#file, JSON.stringify(this.#runs))
  }

  /** Returns lines about the runs of a server. The rows of `timing` depend on timing and are counted apart. */
  report(label: string, timing: ReadonlySet<string>): string[] {
    const runs = Object.entries(this.#runs[label] ?? {})
    const ids = [...new Set(runs.flatMap(([, verdicts]) => Object.keys(verdicts)))]
    const changing = ids.filter((id) => new Set(runs.map(([, verdicts]) => wordOf(verdicts[id]))).size > 1)
    const [apart, rest] = [changing.filter((id) => timing.has(id)), changing.filter((id) => !timing.has(id))]
    const timed = ids.filter((id) => timing.has(id)).length
    return [
      `${label}: ${rest.length} of ${ids.length - timed} rows change in ${runs.length} runs; ${apart.length} of ${timed} that depend on timing`,
      ...[...rest, ...apart].map((id) => `  ${id}${timing.has(id) ? ' (timing)' : ''}: ${listVerdicts(id, runs)}`),
    ]
  }
}

/** Adds the reason to a verdict that says little. */
function describe({ verdict, note }: CaseResult): string {
  return verdict === 'skip' || verdict === 'flaky' ? `${verdict} (${note ?? ''})` : verdict
}

/** Returns the verdict without the reason. */
function wordOf(verdict = 'absent'): string {
  return verdict.split(' ')[0]
}

/** Lists the verdicts of a row, the most frequent first: `pass ×9, fail ×1 (-j1 #2)`. The rare ones name their runs. */
function listVerdicts(id: string, runs: readonly [kind: string, verdicts: Verdicts][]): string {
  const kinds = new Map<string, string[]>()
  for (const [kind, verdicts] of runs) {
    const verdict = verdicts[id] ?? 'absent'
    kinds.set(verdict, [...(kinds.get(verdict) ?? []), kind])
  }
  return [...kinds]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([verdict, names], index) => `${verdict} ×${names.length}${index === 0 ? '' : ` [${names.join(', ')}]`}`)
    .join(', ')
}
