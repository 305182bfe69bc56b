import { selectCases, serverEntries } from '../../src/conformance/run/select.ts'
import { assert, suite } from '../support/unit.ts'
import { http2Defects } from './broken/http2-defects.ts'
import { describeResult, prove } from './broken/prove.ts'
import { PATIENT, tryServer } from './broken/try-server.ts'

const test = suite('conformance/broken-http2-server', { timeLimit: 300_000 })

/** Returns whether the case passes only where the setting is not announced. */
const isOff = (id: string): boolean => id === 'h2.off.connect'

prove(test, {
  side: 'server',
  defects: http2Defects,
  count: 40,
  isEach: true,
  tryCases: (entries, defects, isSearch) =>
    tryServer(
      entries.filter(({ id }) => isSearch || !isOff(id)),
      defects,
      isSearch ? { http2: true, timeout: 700 } : { http2: true, jobs: 8, ...PATIENT },
    ),
})

test('each judged case of the group h2 is named by a defect', () => {
  const named = new Set<string>(Object.values(http2Defects).flatMap(({ cases }) => cases))
  const entries = serverEntries.filter(({ group }) => group === 'h2')
  const unproven = entries.filter((entry) => entry.class !== 'info' && !named.has(entry.id))
  assert.equal(
    unproven.map(({ id }) => id),
    [],
  )
})

test('the unbroken server passes the group h2 strictly, and is not blamed for ends by the tester', async () => {
  const entries = selectCases(serverEntries, { include: ['h2', 'inv.close-before-fin'] })
  // This case waits for its whole timeout, because the reply may not come.
  const isWaiting = ({ id }: (typeof entries)[number]): boolean => id === 'h2.ok.early-data'
  const [results, info] = await Promise.all([
    tryServer(
      entries.filter((entry) => !isWaiting(entry)),
      new Set(),
      { http2: true, jobs: 8, ...PATIENT },
    ),
    tryServer(entries.filter(isWaiting), new Set(), { http2: true, timeout: 300 }),
  ])
  assert.is(results.length + info.length, entries.length)
  const isGood = ({ id, verdict }: (typeof results)[number]): boolean =>
    ['pass', 'info'].includes(verdict) || (verdict === 'skip' && isOff(id))
  assert.equal([...results, ...info].filter((result) => !isGood(result)).map(describeResult), [])
})
