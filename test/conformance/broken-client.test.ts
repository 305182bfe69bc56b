import { suite } from '../support/unit.ts'
import { clientDefects } from './broken/client-defects.ts'
import { prove } from './broken/prove.ts'
import { tryClient } from './broken/try-client.ts'
import { PATIENT } from './broken/try-server.ts'

const test = suite('conformance/broken-client', { timeLimit: 300_000 })

prove(test, {
  side: 'client',
  defects: clientDefects,
  count: 15,
  tryCases: (entries, defects, isSearch) =>
    tryClient(entries, defects, isSearch ? { bail: 1 } : { jobs: 8, ...PATIENT }),
})
