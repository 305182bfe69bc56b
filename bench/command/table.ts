import type { RowSketch } from '../measure/row-plan.ts'
import { MICRO_CASES } from '../micro/cases.ts'
import { formatGoals } from '../report/text.ts'
import { measure } from './measure.ts'
import { UsageError } from './option-value.ts'
import type { Settings } from './options.ts'
import { PROJECT_ROWS } from './project-rows.ts'

/** The only row of the table that needs no server. */
const PARSER_ROW = 'parser'

/**
 * The command `table`; resolves to the exit code.
 *
 * @throws {UsageError} when a row is unknown.
 */
export async function table(settings: Settings, args: string[]): Promise<number> {
  const wanted = settings.operands
  const known = [...PROJECT_ROWS.map((row) => row.id), PARSER_ROW]
  const unknown = wanted.find((id) => !known.includes(id))
  if (unknown !== undefined) throw new UsageError(`unknown row “${unknown}”; allowed: ${known.join(', ')}`)
  const isWanted = (id: string): boolean => wanted.length === 0 || wanted.includes(id)
  const sketches = PROJECT_ROWS.filter((row) => isWanted(row.id))
  if (settings.list) {
    process.stdout.write(listRows(sketches))
    return 0
  }
  const microCases = isWanted(PARSER_ROW) ? MICRO_CASES.filter((one) => one.goals) : []
  const report = await measure(settings, args, sketches, microCases)
  if (!settings.json && !settings.markdown) process.stdout.write(`${formatGoals(report)}\n`)
  if (report.rows.every((row) => row.peers.length === 0)) return 3
  return report.rows.some((row) => row.ratios.some((ratio) => ratio.reached === false)) ? 1 : 0
}

function listRows(sketches: readonly RowSketch[]): string {
  const goalsOf = (row: RowSketch): string =>
    Object.entries(row.goals ?? {})
      .map(([peer, goal]) => `≥ ${Number(goal.toPrecision(3))}× ${peer}`)
      .join(', ')
  return sketches.map((row) => `${row.id.padEnd(18)} ${row.title}${row.goals ? `: ${goalsOf(row)}` : ''}\n`).join('')
}
