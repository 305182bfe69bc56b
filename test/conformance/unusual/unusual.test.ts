import type { CaseResult } from '../../../src/conformance/result.ts'
import { selectCases, serverEntries } from '../../../src/conformance/run/select.ts'
import { assert, suite } from '../../support/unit.ts'
import { describeResult } from '../broken/prove.ts'
import { tryServer } from '../broken/try-server.ts'
import { type Quirk, quirks, topics } from './quirks.ts'

const test = suite('conformance/unusual', { timeLimit: 120_000 })
const GOOD: ReadonlySet<string> = new Set(['pass', 'info', 'skip'])

/** Runs side by side, each with a server of its own: a run mostly waits. */
const LANE_COUNT = 4
const lanes: Promise<unknown>[] = Array(LANE_COUNT).fill(Promise.resolve())

/** Runs the preset `quick` and the cases of a selection when the lane is free. */
function enqueue(lane: number, name: Quirk, selection: string): Promise<CaseResult[]> {
  const entries = selectCases(serverEntries, { include: ['quick', selection] })
  const results = lanes[lane].then(() => tryServer(entries, new Set([name]), { jobs: 8, timeout: 3000 }))
  lanes[lane] = results.catch(() => {})
  return results
}

test('there are at least 30 unusual servers', () => {
  assert.ok(Object.keys(quirks).length >= 30)
})

const runs = topics.flatMap(({ quirks: names, selection }) => names.map((name) => ({ name, selection })))
for (const [index, { name, selection }] of runs.entries()) {
  const results = enqueue(index % LANE_COUNT, name, selection)
  test(`nothing accuses the server that ${quirks[name]} (${name})`, async () => {
    const bad = (await results).filter(({ verdict }) => !GOOD.has(verdict))
    assert.equal(bad.map(describeResult), [])
  })
}
