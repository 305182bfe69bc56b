import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { helpText } from './command/help.ts'
import { readSettings, type Settings, UsageError } from './command/options.ts'
import { TABLE } from './command/project-rows.ts'
import { type Bench, runRow } from './measure/measure-row.ts'
import { runningServer, startCommand, startNamed } from './measure/measured-server.ts'
import type { Report, RowResult } from './measure/measurement.ts'
import { choosePinning, type Pinning } from './measure/pinning.ts'
import { makeRow, type RowSketch } from './measure/row-plan.ts'
import { MICRO_ROWS, runMicro } from './micro/run.ts'
import { compareReports, formatComparison, hasRegression, parseReport } from './report/comparison.ts'
import { formatHtml } from './report/html.ts'
import { formatGoals, formatMarkdown, formatReport, formatRow } from './report/text.ts'

/** The id of the table's only row that needs no server. */
const PARSER_ROW = 'parser'

async function main(args: string[]): Promise<number> {
  const settings = readSettings(args)
  if (settings.help) {
    process.stdout.write(helpText())
    return 0
  }
  if (settings.command === 'compare') return compare(settings)
  if (settings.command === 'table') return table(settings, args)
  const report = await measure(settings, args, settings.sketches, settings.command === 'micro' ? MICRO_ROWS : [])
  return report.rows.some((row) => row.peers.length > 0) ? 0 : 3
}

function compare({ operands, tolerance, json }: Settings): number {
  const [before, after] = operands.map((file) => parseReport(readFileSync(file, 'utf8'), file))
  const comparison = compareReports(before, after, tolerance)
  process.stdout.write(json ? `${JSON.stringify(comparison, null, 2)}\n` : formatComparison(comparison))
  return hasRegression(comparison) ? 1 : 0
}

async function table(settings: Settings, args: string[]): Promise<number> {
  const wanted = settings.operands
  const known = [...TABLE.map((row) => row.id), PARSER_ROW]
  const unknown = wanted.find((id) => !known.includes(id))
  if (unknown !== undefined) throw new UsageError(`unknown row “${unknown}”, known are ${known.join(', ')}`)
  const isWanted = (id: string): boolean => wanted.length === 0 || wanted.includes(id)
  const sketches = TABLE.filter((row) => isWanted(row.id))
  if (settings.list) {
    process.stdout.write(listRows(sketches))
    return 0
  }
  const report = await measure(
    settings,
    args,
    sketches,
    isWanted(PARSER_ROW) ? MICRO_ROWS.filter((row) => row.goals) : [],
  )
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

async function measure(
  settings: Settings,
  args: string[],
  sketches: readonly RowSketch[],
  microRows: typeof MICRO_ROWS,
): Promise<Report> {
  const pinning = settings.pin ? choosePinning() : undefined
  const bench = benchOf(settings, pinning)
  const rows: RowResult[] = []
  const isText = !settings.json && !settings.markdown
  const report: Report = { ...surroundings(args, pinning), rows }
  const show = (row: RowResult): void => {
    rows.push(row)
    bench.progress('')
    if (isText) process.stdout.write(`${formatRow(row)}\n`)
  }
  if (isText) process.stdout.write(`${formatReport(report)}\n`)
  for (const sketch of sketches) show(await runRow(makeRow(sketch, settings.pace), bench))
  if (microRows.length > 0) for (const row of await runMicro(microRows, settings.pace, bench)) show(row)
  if (settings.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  else if (settings.markdown) process.stdout.write(formatMarkdown(report))
  if (settings.html !== undefined) writeFileSync(settings.html, formatHtml(report))
  return report
}

function benchOf(settings: Settings, pinning: Pinning | undefined): Bench {
  const cpu = pinning?.server
  return {
    rounds: settings.pace.rounds,
    pinning,
    progress,
    start(name, server) {
      if (name === 'url') return Promise.resolve(runningServer(settings.url!, settings.pid))
      return name === 'exec' ? startCommand(settings.exec!, '/', cpu) : startNamed(name, server, cpu)
    },
  }
}

/** One line on standard error that overwrites itself; nothing when nobody watches. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

function surroundings(args: string[], pinning: Pinning | undefined): Omit<Report, 'rows'> {
  const [cpu] = cpus()
  return {
    format: 1,
    date: new Date().toISOString(),
    command: ['dwebsocket bench', ...args.map(quote)].join(' '),
    node: process.version.slice(1),
    platform: `${process.platform} ${process.arch}`,
    cpu: cpu?.model.trim() ?? 'unknown processor',
    cpuCount: cpus().length,
    pinned: pinning !== undefined,
  }
}

/** An argument as a shell takes it. */
function quote(argument: string): string {
  return /^[\w./:,=+-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`
}

// Ending through `exit` lets every server that was started go along.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: Error) => {
    progress('')
    const isUsage = error instanceof UsageError
    process.stderr.write(`dwebsocket bench: ${error.message}\n${isUsage ? 'see dwebsocket bench --help\n' : ''}`)
    process.exitCode = isUsage ? 2 : 3
  },
)
