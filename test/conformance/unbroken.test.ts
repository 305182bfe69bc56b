import type { CatalogueEntry } from '../../src/conformance/catalogue/entry.ts'
import type { CaseResult } from '../../src/conformance/result.ts'
import { clientEntries, selectCases, serverEntries } from '../../src/conformance/run/select.ts'
import { assert, suite } from '../support/unit.ts'
import { describeResult } from './broken/prove.ts'
import { tryClient } from './broken/try-client.ts'
import { PATIENT, tryServer } from './broken/try-server.ts'

const test = suite('conformance/unbroken', { timeLimit: 300_000 })

test('the unbroken server passes the core preset strictly, without the thousands of messages of pmd.ab', async () => {
  // In test/ws/conform.test.ts another server passes pmd.ab, and in autobahn-preset.test.ts this one its short cases.
  const entries = selectCases(serverEntries, { exclude: ['pmd.ab'] })
  const results = await tryServer(entries, new Set(), { jobs: 8, ...PATIENT })
  assert.equal(badOf(results), [])
})

test('the unbroken client passes the core preset strictly', async () => {
  const entries = selectCases(clientEntries)
  // This case waits several timeouts for a client that uses a proxy.
  const isWaiting = ({ id }: CatalogueEntry): boolean => id === 'client.req.proxy'
  const results = await Promise.all([
    tryClient(
      entries.filter((entry) => !isWaiting(entry)),
      new Set(),
      { jobs: 8, ...PATIENT },
    ),
    tryClient(entries.filter(isWaiting), new Set(), { timeout: 300 }),
  ])
  assert.ok(entries.length > 0)
  assert.is(results.flat().length, entries.length)
  assert.equal(badOf(results.flat()), [])
})

function badOf(results: readonly CaseResult[]): string[] {
  const good = new Set(['pass', 'info', 'skip'])
  return results.filter(({ verdict }) => !good.has(verdict)).map(describeResult)
}
