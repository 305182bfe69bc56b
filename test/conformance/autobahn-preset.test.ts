import type { CaseResult } from '../../src/conformance/result.ts'
import { selectCases, serverEntries } from '../../src/conformance/run/select.ts'
import { assert, suite } from '../support/unit.ts'
import type { ServerDefect } from './broken/defects.ts'
import { describeResult } from './broken/prove.ts'
import { PATIENT, tryServer } from './broken/try-server.ts'

const test = suite('conformance/autobahn-preset', { timeLimit: 300_000 })

/** Defects of permessage-deflate that the Autobahn testsuite notices in each of its compressed cases. */
const DEFECTS: ServerDefect[] = ['pmd-answers-twice', 'pmd-answers-unknown-param', 'pmd-marks-each-fragment']

/** The first compressed case, and one of those that offer parameters. */
const compressed = selectCases(serverEntries, { include: ['autobahn'] }).filter(({ autobahn }) =>
  ['12.1.1', '13.3.1'].includes(autobahn ?? ''),
)

function verdicts(results: readonly CaseResult[]): string[] {
  return results.map(({ verdict }) => verdict)
}

test('a good server passes the compressed cases, fragmented echoes included', async () => {
  assert.equal(verdicts(await tryServer(compressed, new Set(), PATIENT)), ['pass', 'pass'])
  const results = await tryServer(compressed, new Set(['fragments-compressed']), PATIENT)
  assert.equal(verdicts(results), ['pass', 'pass'], results.map(describeResult).join('; '))
})

for (const defect of DEFECTS) {
  test(`each compressed case notices a server with the defect ${defect}`, async () => {
    const results = await tryServer(compressed, new Set([defect]))
    assert.equal(verdicts(results), ['fail', 'fail'], results.map(describeResult).join('; '))
  })
}
