import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { RunResult } from '../../src/conformance/result.ts'
import { RECIPES } from './recipes.ts'
import { FOLDER, type Way, Workshop, waysOf } from './workshop.ts'

/*
 * node --import tsx test/matrix/stability.ts NAME… [--runs 5] [--jobs 1,8] [--busy]: repeats `core` on servers of the
 * matrix, which are installed already, and prints each row whose verdict is not the same in every run. --busy keeps all processors at work.
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '5' },
    jobs: { type: 'string', default: '1,8' },
    busy: { type: 'boolean', default: false },
    results: { type: 'string', default: FOLDER },
  },
})
const workshop = new Workshop(values.results)

/** The verdicts of each row, one for every run; `-j8 fail`. */
function repeat(way: Way): Map<string, string[]> {
  const rows = new Map<string, string[]>()
  for (let run = 0; run < Number(values.runs); run++) {
    for (const jobs of values.jobs.split(',')) {
      const file = join(values.results, 'stability.json')
      workshop.conform(way, file, { jobs, seed: String(run + 1) })
      const { cases } = JSON.parse(readFileSync(file, 'utf8')) as RunResult
      for (const { id, verdict, note } of cases) {
        const reason = verdict === 'skip' || verdict === 'flaky' ? ` (${note ?? ''})` : ''
        rows.set(id, [...(rows.get(id) ?? []), `-j${jobs} ${verdict}${reason}`])
      }
    }
  }
  return rows
}

function isStable(verdicts: readonly string[]): boolean {
  return new Set(verdicts.map((text) => text.split(' ')[1])).size === 1
}

function keepBusy(): ChildProcess[] {
  return Array.from({ length: availableParallelism() }, () => spawn(process.execPath, ['-e', 'for (;;) {}']))
}

const busy = values.busy ? keepBusy() : []
try {
  for (const recipe of RECIPES.filter(({ name }) => positionals.includes(name))) {
    if (!workshop.build(recipe)) continue
    for (const way of waysOf(recipe).filter(({ side }) => side === 'server')) {
      const rows = repeat(way)
      const changing = [...rows].filter(([, verdicts]) => !isStable(verdicts))
      console.log(`${way.label}: ${changing.length} of ${rows.size} rows change`)
      for (const [id, verdicts] of changing) console.log(`  ${id}: ${verdicts.join(', ')}`)
    }
  }
} finally {
  for (const child of busy) child.kill()
}
