import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { type Bench, measureRow } from '../measure/measure-row.ts'
import { choosePinning, type Pinning } from '../measure/pinning.ts'
import { planRow, type RowSketch } from '../measure/row-plan.ts'
import { startServer } from '../measure/start-server.ts'
import type { MicroCase } from '../micro/case.ts'
import { measureMicro } from '../micro/measure-micro.ts'
import { formatHtml } from '../report/html.ts'
import type { Report } from '../report/report.ts'
import { formatMarkdown, formatReport, formatRow } from '../report/text.ts'
import type { Settings } from './options.ts'

/** Measures the rows and the cases, and writes the report in the requested formats. */
export async function measure(
  settings: Settings,
  args: string[],
  sketches: readonly RowSketch[],
  microCases: readonly MicroCase[],
): Promise<Report> {
  const pinning = settings.pin ? choosePinning() : undefined
  const bench = benchOf(settings, pinning)
  const rows: Report['rows'] = []
  const isText = !settings.json && !settings.markdown
  const report: Report = { ...describeRun(args, pinning), rows }
  const show = (row: Report['rows'][number]): void => {
    rows.push(row)
    showProgress('')
    if (isText) process.stdout.write(`${formatRow(row)}\n`)
  }
  if (isText) process.stdout.write(`${formatReport(report)}\n`)
  for (const sketch of sketches) show(await measureRow(planRow(sketch, settings.pace), bench))
  if (microCases.length > 0) for (const row of await measureMicro(microCases, settings.pace, bench)) show(row)
  if (settings.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  else if (settings.markdown) process.stdout.write(formatMarkdown(report))
  if (settings.html !== undefined) writeFileSync(settings.html, formatHtml(report))
  return report
}

/** Updates one line on standard error, if that is a terminal. */
export function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

function benchOf({ url, exec, pid, http2, pace }: Settings, pinning: Pinning | undefined): Bench {
  return {
    rounds: pace.rounds,
    pinning,
    progress: showProgress,
    start: (name, server) => startServer(name, server, { url, exec, pid, http2, cpu: pinning?.server }),
  }
}

function describeRun(args: string[], pinning: Pinning | undefined): Omit<Report, 'rows'> {
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

/** Quotes an argument for a shell. */
function quote(argument: string): string {
  return /^[\w./:,=+-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`
}
