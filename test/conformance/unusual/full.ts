import { selectCases, serverEntries } from '../../../src/conformance/run/select.ts'
import { describeResult } from '../broken/prove.ts'
import { tryServer } from '../broken/try-server.ts'
import { type Quirk, quirks, silentQuirks } from './quirks.ts'

/** Runs a selection against all or some unusual servers, and prints the failures. */
const [selection = 'core', ...names] = process.argv.slice(2)
const entries = selectCases(serverEntries, { include: [selection] })
const GOOD = new Set(['pass', 'info', 'skip'])

for (const name of (names.length > 0 ? names : Object.keys({ ...quirks, ...silentQuirks })) as Quirk[]) {
  const began = performance.now()
  const results = await tryServer(entries, new Set([name]), { jobs: 8, timeout: 2000 })
  const bad = results.filter(({ verdict, note }) => !GOOD.has(verdict) || note?.startsWith('too slow'))
  console.log(`${name}: ${bad.length} of ${results.length}, ${Math.round((performance.now() - began) / 1000)} s`)
  for (const result of bad.slice(0, 12)) console.log(`  ${describeResult(result)}`)
}
