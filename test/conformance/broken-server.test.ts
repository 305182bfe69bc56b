import { findEntry } from '../../src/conformance/catalogue/index.ts'
import { assert, suite } from '../support/unit.ts'
import { describeResult, prove } from './broken/prove.ts'
import { serverDefects } from './broken/server-defects.ts'
import { PATIENT, tryServer } from './broken/try-server.ts'

const test = suite('conformance/broken-server', { timeLimit: 300_000 })

prove(test, {
  side: 'server',
  defects: serverDefects,
  count: 60,
  tryCases: (entries, defects, isSearch) =>
    tryServer(entries, defects, isSearch ? { bail: 1 } : { jobs: 8, ...PATIENT }),
})

/** Cases in which a valid text precedes the fault. Its echo may arrive first. */
const AFTER_ECHO = [
  'rsv.text-rsv2-after-echo',
  'rsv.text-rsv23-frames',
  'rsv.text-rsv1-octets',
  'op.5-after-echo',
  'op.6-after-echo',
  'op.7-octets',
  'op.13-after-echo',
  'op.14-after-echo',
  'op.15-octets',
]

test('each case that allows an echo before the fault notices an echo of the wrong type', async () => {
  const entries = AFTER_ECHO.map(findEntry).filter((entry) => entry !== undefined)
  assert.is(entries.length, AFTER_ECHO.length)
  const results = await tryServer(entries, new Set(['echoes-text-as-binary']), { jobs: 4 })
  assert.equal(results.filter(({ verdict }) => verdict !== 'fail').map(describeResult), [])
  const good = await tryServer(entries, new Set(), { jobs: 4, ...PATIENT })
  assert.equal(good.filter(({ verdict }) => verdict !== 'pass').map(describeResult), [])
})
