import { selectCases, serverCases } from '../../src/conformance/select.ts'
import { assert, suite } from '../support/unit.ts'
import { describeResult, tryServer } from './broken/try-server.ts'

const test = suite('conformance/unbroken', { timeLimit: 180_000 })
const GOOD = new Set(['pass', 'info', 'skip'])

test('the unbroken server passes the core preset strictly', async () => {
  const results = await tryServer(selectCases(serverCases), new Set(), { jobs: 8, timeout: 5000 })
  assert.equal(results.filter(({ verdict }) => !GOOD.has(verdict)).map(describeResult), [])
  const skipped = results.filter(({ id, verdict }) => verdict === 'skip' && !id.startsWith('hs.tls.'))
  assert.equal(skipped.map(describeResult), [])
})
