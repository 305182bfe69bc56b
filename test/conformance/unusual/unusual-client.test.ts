import { clientEntries, selectCases } from '../../../src/conformance/run/select.ts'
import { atOnce } from '../../support/at-once.ts'
import { assert, suite } from '../../support/unit.ts'
import { describeResult } from '../broken/prove.ts'
import { tryClient } from '../broken/try-client.ts'
import { clientQuirks, clientTopics, quirks } from './quirks.ts'

const test = suite('conformance/unusual-client', { timeLimit: 300_000 })
const GOOD: ReadonlySet<string> = new Set(['pass', 'info', 'skip'])
const sentences: Readonly<Record<string, string>> = { ...quirks, ...clientQuirks }

/** Cases that take a long time and are not about these quirks. */
const LONG: ReadonlySet<string> = new Set([
  'client.req.proxy',
  'client.resp.huge',
  'client.frame.bomb',
  'client.frame.endless-fragments',
  'client.frame.ping-flood',
  'client.close.gives-up',
])

/** A run mostly waits: some clients at once, each with a run of its own. */
const run = atOnce(4)

for (const { quirks: names, selection } of clientTopics) {
  const entries = selectCases(clientEntries, { include: [selection] }).filter(({ id }) => !LONG.has(id))
  for (const name of names) {
    const results = run(() => tryClient(entries, new Set([name]), { jobs: 8, timeout: 10_000, timeoutFactor: 3 }))
    results.catch(() => {})
    test(`nothing accuses the client that ${sentences[name]} (${name})`, async () => {
      assert.ok(entries.length > 0)
      const bad = (await results).filter(({ verdict }) => !GOOD.has(verdict))
      assert.equal(bad.map(describeResult), [])
    })
  }
}
