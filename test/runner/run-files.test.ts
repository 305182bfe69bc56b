import { stripVTControlCharacters } from 'node:util'
import { assert, suite } from '../support/unit.ts'
import { runFiles } from './run-files.ts'
import { formatSummary } from './summary.ts'
import type { FileResult } from './worker-process.ts'

/** Runs files of `test/fixtures/runner` in two processes. Resolves to the results and their summary. */
async function run(names: readonly string[], stallLimit = 60_000) {
  const files = names.map((name) => ({ name, url: new URL(`../fixtures/runner/${name}.ts`, import.meta.url).href }))
  const results: FileResult[] = []
  await runFiles(files, { jobs: 2, stallLimit, onResult: (result) => results.push(result) })
  const resultOf = (name: string): FileResult => results.find((result) => result.name === name)!
  return { resultOf, summary: formatSummary(names, results) }
}

/** Returns the output of a file without colors. */
const textOf = ({ output }: FileResult): string => stripVTControlCharacters(output)

const processOf = (result: FileResult): string => /a line (\d+)/.exec(textOf(result))![1]

const test = suite('runner')

test('reports every test of every file, and prints each file as a whole', async () => {
  const { resultOf, summary } = await run(['passes', 'fails'])
  assert.equal(resultOf('passes').outcomes, [
    { suite: 'passes', sentence: 'is skipped', error: null, skipped: 'a reason' },
    { suite: 'passes', sentence: 'prints', error: null, skipped: null },
  ])
  assert.equal(resultOf('fails').outcomes, [
    { suite: 'fails', sentence: 'fails', error: 'one is not two', skipped: null },
    { suite: 'fails', sentence: 'passes', error: null, skipped: null },
  ])
  assert.match(textOf(resultOf('passes')), /^passes\n.* passes .*a line \d+\n.*\(1 \/ 1\)/s)
  assert.match(textOf(resultOf('fails')), /^fails\n.* fails .*a line \d+\n.*\(1 \/ 2\).*one is not two.*fails\.ts/s)
  assert.is.not(processOf(resultOf('passes')), processOf(resultOf('fails')))
  assert.equal(summary, [
    'skipped 1: a reason',
    'failed: fails: fails: fails: one is not two',
    '2 passed, 1 failed, 1 skipped',
  ])
})

test('names the file whose process ends, and runs the others', async () => {
  const { resultOf, summary } = await run(['dies', 'dies', 'passes', 'passes'])
  assert.is(resultOf('dies').outcomes.length, 1)
  assert.equal(summary, [
    'skipped 2: a reason',
    'failed: dies: the process ended with exit code 3',
    'failed: dies: the process ended with exit code 3',
    '4 passed, 2 failed, 2 skipped',
  ])
})

test('kills a process in which no test ends', async () => {
  const { resultOf, summary } = await run(['hangs', 'hangs'], 2_000)
  assert.match(resultOf('hangs').output, 'killed: no test ended within 2000 ms')
  assert.equal(summary, [
    'failed: hangs: the process ended with SIGKILL',
    'failed: hangs: the process ended with SIGKILL',
    '0 passed, 2 failed, 0 skipped',
  ])
})

test('names the clean-up that does not end or fails, and runs the older ones', async () => {
  const { resultOf, summary } = await run(['stays', 'stays'])
  assert.match(textOf(resultOf('stays')), 'the oldest clean-up')
  const late =
    /^failed: stays: stays: (does not end its clean-up): the clean-up function stop\(\).* of “\1” took longer than 200 ms$/
  assert.is(summary.filter((line) => late.test(line)).length, 2)
  const early = 'failed: stays: stays: fails before its clean-up does: one is not two'
  assert.is(summary.filter((line) => line === early).length, 2)
  assert.is(summary.at(-1), '0 passed, 4 failed, 0 skipped')
})

test('names the test that leaves memory in stores, and not the tests after it', async () => {
  const { summary } = await run(['stores', 'stores'])
  const failed = 'failed: stores: stores: leaves memory: the test has left 1000 bytes in stores of rooms'
  assert.equal(summary, [failed, failed, '4 passed, 2 failed, 0 skipped'])
})

test('names a file that cannot be imported, that has no test, and that did not run', async () => {
  const { resultOf, summary } = await run(['throws', 'empty'])
  assert.match(resultOf('throws').output, 'throws.ts:1')
  assert.equal(summary.sort(), [
    '0 passed, 2 failed, 0 skipped',
    'failed: empty: there is no test in it',
    'failed: throws: a file that cannot be imported',
  ])
  assert.equal(formatSummary(['lost'], []), ['failed: lost: it did not run', '0 passed, 1 failed, 0 skipped'])
})
