import { catalogue } from '../../src/conformance/catalogue/index.ts'
import type { CaseResult } from '../../src/conformance/result.ts'
import { selectCases, serverEntries } from '../../src/conformance/run/select.ts'
import { findCase } from '../../src/conformance/sections/index.ts'
import { assert, suite } from '../support/unit.ts'
import { describeResult } from './broken/prove.ts'
import { tryClient } from './broken/try-client.ts'
import { tryServer } from './broken/try-server.ts'

const test = suite('conformance/unbroken', { timeLimit: 180_000 })

test('the unbroken server passes the core preset strictly', async () => {
  const results = await tryServer(selectCases(serverEntries), new Set(), { jobs: 8, timeout: 5000 })
  assert.equal(badOf(results), [])
})

test('the unbroken client passes every client case strictly', async () => {
  const entries = catalogue.filter(({ id, side }) => side === 'client' && findCase(id) !== undefined)
  assert.ok(entries.length > 0)
  const results = await tryClient(entries.filter(isOfClient), new Set(), { jobs: 8, timeout: 5000 })
  assert.equal(badOf(results), [])
})

/** Neither the volume of Autobahn's families 9, 12 and 13 nor what needs a proxy or a resolver. */
function isOfClient({ group, autobahn }: { group: string; autobahn: string | null }): boolean {
  return group !== 'client.ab' || !/^(?:9|12|13)\./.test(autobahn ?? '')
}

function badOf(results: readonly CaseResult[]): string[] {
  const good = new Set(['pass', 'info', 'skip'])
  return results.filter(({ verdict }) => !good.has(verdict)).map(describeResult)
}
