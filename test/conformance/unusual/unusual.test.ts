import { selectCases, serverEntries } from '../../../src/conformance/run/select.ts'
import { assert, suite } from '../../support/unit.ts'
import { describeResult } from '../broken/prove.ts'
import { tryServer } from '../broken/try-server.ts'
import { quirks, topics } from './quirks.ts'

const test = suite('conformance/unusual', { timeLimit: 120_000 })
const GOOD: ReadonlySet<string> = new Set(['pass', 'info', 'skip'])

test('there are at least 30 unusual servers', () => {
  assert.ok(Object.keys(quirks).length >= 30)
})

for (const { quirks: names, selection } of topics) {
  const entries = selectCases(serverEntries, { include: ['quick', selection] })
  for (const name of names) {
    test(`nothing accuses the server that ${quirks[name]} (${name})`, async () => {
      const results = await tryServer(entries, new Set([name]), { jobs: 8, timeout: 3000 })
      const bad = results.filter(({ verdict }) => !GOOD.has(verdict))
      assert.equal(bad.map(describeResult), [])
    })
  }
}
