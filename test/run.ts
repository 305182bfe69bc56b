import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { runFiles } from './runner/run-files.ts'
import { formatSummary, formatTimes } from './runner/summary.ts'
import type { FileResult } from './runner/worker-process.ts'

/*
 * npm test -- [PATTERN] [--fast] [--jobs N] [--times]: runs every test file whose path matches, in N processes (as many
 * as there are processors; 1 is this process, in alphabetical order). --fast skips the files that start other programs
 * or need seconds. At the end it prints the skipped tests by their reasons, the names of the failed ones, and the
 * figures; with --times the slowest files as well.
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    fast: { type: 'boolean', default: false },
    jobs: { type: 'string', default: String(availableParallelism()) },
    times: { type: 'boolean', default: false },
  },
})
const jobs = Number(values.jobs)
if (!(Number.isInteger(jobs) && jobs >= 1))
  throw new RangeError(`option --jobs is '${values.jobs}'; allowed: 1 or more`)
const pattern = new RegExp(positionals[0] ?? '')

/**
 * Files that start a browser, another program or many processes, or need more than a few seconds. The slowest come
 * first. The processes get the files in this order, so that the last files to end are short. One file has another
 * reason to be early: it collects garbage often, which is cheap while its process is small.
 */
const SLOW = [
  'room/memory',
  'conformance/unusual',
  'room/broker/redis',
  'e2e/',
  'conformance/unbroken',
  'conformance/broken',
  'conformance/run/',
  'security/life',
  'ws/conform',
  'cli/',
  'package',
  'docs/projects',
  'docs/vite',
  'conformance/report/html',
  'bench/main',
  'bench/measure/guard',
  'bench/scenarios',
  'connection/stress',
  'rough/',
  'large/',
  'deflate/ws-matrix',
  'deflate/bomb',
  'security/leak',
  'security/parser',
  'room/fleet',
]
const slownessOf = (name: string): number => {
  const index = SLOW.findIndex((start) => name.startsWith(start))
  return index === -1 ? 0 : SLOW.length - index
}

const names = readdirSync(new URL('.', import.meta.url), { encoding: 'utf8', recursive: true })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => /\.test\.ts$/.test(name) && !name.includes('node_modules') && pattern.test(name))
  .filter((name) => !(values.fast && slownessOf(name) > 0))
  .sort()
if (jobs > 1) names.sort((a, b) => slownessOf(b) - slownessOf(a))

const results: FileResult[] = []
await runFiles(
  names.map((name) => ({ name, url: new URL(name, import.meta.url).href })),
  {
    jobs,
    onResult(result) {
      results.push(result)
      if (result.output !== '') console.log(result.output)
    },
  },
)
if (values.times) for (const line of formatTimes(results)) console.log(line)
const summary = formatSummary(names, results)
for (const line of summary) console.log(line)
process.exit(summary.some((line) => line.startsWith('failed: ')) ? 1 : 0)
