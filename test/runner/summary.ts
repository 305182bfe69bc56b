import type { Outcome } from '../support/unit.ts'
import type { FileResult } from './worker-process.ts'

/** How many of the slowest files `--times` prints. */
const TIMES_COUNT = 40

/** Formats the slowest files, one per line. */
export function formatTimes(results: readonly FileResult[]): string[] {
  return [...results]
    .sort((a, b) => b.milliseconds - a.milliseconds)
    .slice(0, TIMES_COUNT)
    .map(({ name, milliseconds }) => `${Math.round(milliseconds).toString().padStart(7)} ms  ${name}`)
}

/**
 * Formats the skipped tests by reason, the names of what failed, and the figures. `names` are the files that should
 * have run.
 */
export function formatSummary(names: readonly string[], results: readonly FileResult[]): string[] {
  const skipped = results.flatMap(({ outcomes }) => outcomes.filter((outcome) => outcome.skipped !== null))
  const outcomeCount = results.reduce((sum, { outcomes }) => sum + outcomes.length, 0)
  const failed = [
    ...results.flatMap((result) => formatFailures(result)),
    ...names
      .filter((name) => !results.some((result) => result.name === name))
      .map((name) => `failed: ${name}: it did not run`),
  ]
  const failedTests = results.flatMap(({ outcomes }) => outcomes.filter(({ error }) => error !== null))
  const passedCount = outcomeCount - skipped.length - failedTests.length
  return [
    ...formatSkipped(skipped),
    ...failed,
    `${passedCount} passed, ${failed.length} failed, ${skipped.length} skipped`,
  ]
}

function formatFailures({ name, outcomes, error }: FileResult): string[] {
  const failed = outcomes.flatMap(({ suite, sentence, error }) =>
    error === null ? [] : [`failed: ${name}: ${suite}: ${sentence}: ${error}`],
  )
  return error === null ? failed : [...failed, `failed: ${name}: ${error}`]
}

function formatSkipped(skipped: readonly Outcome[]): string[] {
  const counts = new Map<string, number>()
  for (const { skipped: reason } of skipped) counts.set(reason ?? '', (counts.get(reason ?? '') ?? 0) + 1)
  return [...counts].map(([reason, count]) => `skipped ${count}: ${reason}`)
}
