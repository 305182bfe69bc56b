import { parse } from 'uvu/parse'
import { run } from 'uvu/run'
import type { Outcome } from './support/unit.ts'

/*
 * npm test -- [PATTERN] [--fast] [--times]: runs every test whose path matches; --fast leaves out those that start other
 * programs or need seconds. At the end it prints the skipped tests by their reasons, the names of the failed ones, and
 * the figures; with --times the slowest files as well.
 */

const options = process.argv.slice(2)
const pattern = new RegExp(options.find((word) => !word.startsWith('--')) ?? '')

/** Files that start a browser, another program or many processes, or need more than a few seconds. */
const SLOW = [
  'bench/main',
  'bench/measure/guard',
  'bench/scenarios',
  'cli/',
  'conformance/broken',
  'conformance/report/html',
  'conformance/run/',
  'conformance/unbroken',
  'conformance/unusual',
  'connection/stress',
  'deflate/bomb',
  'deflate/ws-matrix',
  'e2e/',
  'package',
  'room/broker/redis',
  'room/fleet',
  'rough/',
  'security/leak',
  'security/life',
  'security/parser',
]
const isSlow = (name: string): boolean => SLOW.some((start) => name.startsWith(start))

/** Groups outcomes by a text, in the order of their first members. */
function groupBy(all: readonly Outcome[], textOf: (outcome: Outcome) => string): Map<string, Outcome[]> {
  const groups = new Map<string, Outcome[]>()
  for (const outcome of all) {
    const text = textOf(outcome)
    groups.set(text, [...(groups.get(text) ?? []), outcome])
  }
  return groups
}

function printTimes(): void {
  const times = [...groupBy(outcomes, ({ file }) => file)].map(
    ([file, tests]) => [file, tests.reduce((sum, { milliseconds }) => sum + milliseconds, 0)] as const,
  )
  for (const [file, time] of times.sort(([, a], [, b]) => b - a).slice(0, 40)) {
    console.log(`${Math.round(time).toString().padStart(7)} ms  ${file}`)
  }
}

function printSummary(): void {
  const skipped = outcomes.filter((outcome) => outcome.skipped !== null)
  const failed = outcomes.filter(({ error }) => error !== null)
  for (const [reason, tests] of groupBy(skipped, ({ skipped }) => skipped ?? '')) {
    console.log(`skipped ${tests.length}: ${reason}`)
  }
  for (const { file, suite, sentence, error } of failed) {
    const message = error instanceof Error ? error.message.split('\n')[0] : String(error)
    console.log(`failed: ${file}: ${suite}: ${sentence}: ${message}`)
  }
  const passedCount = outcomes.length - skipped.length - failed.length
  console.log(`${passedCount} passed, ${failed.length} failed, ${skipped.length} skipped`)
}

// Nothing that imports uvu may be imported before uvu's own runner is.
const { suites } = await parse('test', '\\.test\\.ts$')
await run(suites.filter(({ name }) => pattern.test(name) && !(options.includes('--fast') && isSlow(name))))
const { outcomes } = await import('./support/unit.ts')
const { endChromium } = await import('./support/chromium.ts')
await endChromium()
// Whatever tests leave open ends with the process; under uvu's own command it would keep the run from ending.
const left = process.getActiveResourcesInfo().filter((name) => /Socket|Server|Process/.test(name))
if (left.length > 0) console.log(`left open: ${left.join(', ')}`)
if (options.includes('--times')) printTimes()
printSummary()
process.exit()
