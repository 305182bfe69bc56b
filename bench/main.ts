import { readFileSync } from 'node:fs'
import { helpText } from './command/help.ts'
import { measure, showProgress } from './command/measure.ts'
import { UsageError } from './command/option-value.ts'
import { readSettings, type Settings } from './command/options.ts'
import { table } from './command/table.ts'
import { MICRO_CASES } from './micro/cases.ts'
import { compareReports, formatComparison, hasRegression, parseReport } from './report/comparison.ts'

async function main(args: string[]): Promise<number> {
  const settings = readSettings(args)
  if (settings.help) {
    process.stdout.write(helpText())
    return 0
  }
  if (settings.command === 'compare') return compare(settings)
  if (settings.command === 'table') return table(settings, args)
  const report = await measure(settings, args, settings.sketches, settings.command === 'micro' ? MICRO_CASES : [])
  return report.rows.some((row) => row.peers.length > 0) ? 0 : 3
}

function compare({ operands, tolerance, json }: Settings): number {
  const [before, after] = operands.map((file) => parseReport(readFileSync(file, 'utf8'), file))
  const comparison = compareReports(before, after, tolerance)
  process.stdout.write(json ? `${JSON.stringify(comparison, null, 2)}\n` : formatComparison(comparison))
  return hasRegression(comparison) ? 1 : 0
}

// Ending through `exit` also ends every server that was started.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: Error) => {
    showProgress('')
    const isUsage = error instanceof UsageError
    process.stderr.write(`dwebsocket bench: ${error.message}\n${isUsage ? 'see dwebsocket bench --help\n' : ''}`)
    process.exitCode = isUsage ? 2 : 3
  },
)
