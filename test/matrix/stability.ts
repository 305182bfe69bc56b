import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { RunResult } from '../../src/conformance/result.ts'
import { RECIPES, type Recipe } from './recipes.ts'
import { StabilityRecord } from './stability-record.ts'
import { conformArguments, FOLDER, PAGE_SETTINGS, ROOT, type Way, Workshop, waysOf } from './workshop.ts'

/*
 * node --import tsx test/matrix/stability.ts NAME… [--runs 5] [--jobs 1,8] [--limit SECONDS] [--cases ROWS]: repeats `core`
 * on servers of the matrix, which are installed already, quiet and beside two busy processes, and prints each row whose
 * verdict is not the same in every run. Each run is stored in stability.json of the results, so that a run with the same
 * arguments continues where the last one stopped. The quiet run with the settings of the pages is also stored as their
 * result, so that `npm run matrix -- --page-only --results FOLDER` makes the pages. SIGINT, SIGTERM and the limit end the
 * server and the busy processes.
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '5' },
    jobs: { type: 'string', default: '1,8' },
    limit: { type: 'string', default: '3600' },
    cases: { type: 'string' },
    results: { type: 'string', default: FOLDER },
  },
})
const BUSY_PROCESSES = 2
/** Milliseconds for the case that runs at the end. */
const PATIENCE = 5_000

const workshop = new Workshop(values.results)
const record = new StabilityRecord(join(values.results, 'stability.json'))
const stop = AbortSignal.any([AbortSignal.timeout(1000 * Number(values.limit)), interruption()])

/** Aborts at SIGINT or SIGTERM. Further signals do not prevent the report of the runs that have ended. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => controller.abort())
  return controller.signal
}

/** One of the runs of a server. */
interface Run {
  kind: string
  isBusy: boolean
  jobs: string
  seed: string
}

/** One run. Its result counts only when the run has ended by itself. */
async function runOnce(recipe: Recipe, way: Way, { kind, isBusy, jobs, seed }: Run): Promise<void> {
  const isForPages = !isBusy && jobs === PAGE_SETTINGS.jobs && seed === PAGE_SETTINGS.seed && values.cases === undefined
  const file = isForPages ? workshop.fileOf(way.label) : join(values.results, 'stability-run.json')
  for (const each of [file, `${file}.about`]) rmSync(each, { force: true })
  const args = conformArguments(way, file, { jobs, seed, cases: values.cases })
  // A process group of its own: Ctrl-C must reach the tester only once, which then ends the server.
  const child = spawn(process.execPath, args, {
    cwd: values.results,
    env: workshop.environment,
    stdio: 'ignore',
    detached: true,
  })
  let impatience: NodeJS.Timeout | undefined
  const onStop = (): void => {
    // The first signal lets the case end that runs, the second one does not.
    child.kill('SIGINT')
    impatience = setTimeout(() => child.kill('SIGINT'), PATIENCE)
  }
  stop.addEventListener('abort', onStop)
  const [code] = await once(child, 'exit')
  stop.removeEventListener('abort', onStop)
  clearTimeout(impatience)
  if (stop.aborted) return
  if ((code === 0 || code === 1) && existsSync(file)) {
    if (isForPages) workshop.describe(recipe, way)
    record.add(way.label, kind, (JSON.parse(readFileSync(file, 'utf8')) as RunResult).cases)
  } else console.log(`${way.label} ${kind}: exit ${code}; the run does not count`)
}

async function repeat(recipe: Recipe, way: Way): Promise<void> {
  for (let run = 1; run <= Number(values.runs); run++) {
    for (const isBusy of [false, true]) {
      for (const jobs of values.jobs.split(',')) {
        const kind = `-j${jobs}${isBusy ? ' busy' : ''} #${run}`
        if (stop.aborted || record.has(way.label, kind)) continue
        const busy = isBusy ? keepBusy() : []
        await runOnce(recipe, way, { kind, isBusy, jobs, seed: String(run) })
        for (const child of busy) child.kill()
      }
    }
  }
}

function keepBusy(): ChildProcess[] {
  // The loops end by themselves when this process is killed.
  const loop = `const parent = process.ppid; for (;;) { for (let i = 0; i < 1e8; i++); if (process.ppid !== parent) break }`
  return Array.from({ length: BUSY_PROCESSES }, () => spawn(process.execPath, ['-e', loop], { stdio: 'ignore' }))
}

/** The rows whose verdict depends on how TCP delivers segments. */
function timingRows(): Set<string> {
  const main = join(ROOT, 'dist/cli/main.js')
  const entries = execFileSync(process.execPath, [main, 'conform', 'list', 'tag:timing', '--json'], {
    encoding: 'utf8',
  })
  return new Set((JSON.parse(entries) as { id: string }[]).map(({ id }) => id))
}

const timing = timingRows()
for (const recipe of RECIPES.filter(({ name }) => positionals.includes(name))) {
  if (stop.aborted || !workshop.build(recipe)) continue
  for (const way of waysOf(recipe).filter(({ side }) => side === 'server')) {
    await repeat(recipe, way)
    for (const line of record.report(way.label, timing)) console.log(line)
  }
}
process.exit()
