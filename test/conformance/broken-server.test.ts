import { suite } from '../support/unit.ts'
import { prove } from './broken/prove.ts'
import { serverDefects } from './broken/server-defects.ts'
import { tryServer } from './broken/try-server.ts'

const test = suite('conformance/broken-server', { timeLimit: 60_000 })

prove(test, {
  side: 'server',
  defects: serverDefects,
  count: 60,
  tryCases: (entries, defects, isSearch) =>
    tryServer(entries, defects, isSearch ? { bail: 1 } : { jobs: 8, timeout: 5000 }),
})
