import { parseTarget } from '../../../../src/conformance/peer/target.ts'
import { findLimit } from '../../../../src/conformance/sections/server/message-limit.ts'
import { contextFor, createTrial, startUpgradedServer } from '../../../support/conformance-trial.ts'
import { assert, suite, type TestContext } from '../../../support/unit.ts'
import type { Defects } from '../../broken/defects.ts'
import { startServer } from '../../broken/server.ts'

const test = suite('conformance/sections/server/message-limit')

async function urlOf(t: TestContext, defects: Defects = new Set()): Promise<string> {
  const server = await startServer({ defects })
  t.after(() => server.close())
  return server.url
}

test('finds the limit of a server once for all cases of the run', async (t) => {
  const trial = createTrial(t, await urlOf(t, new Set(['limits-messages-to-64k'] as const)), 'perf.limit-find')
  const limit = await findLimit(trial)
  assert.equal([limit.accepted, limit.refused], [65_536, 65_537])
  assert.is(await findLimit(trial), limit)
})

test('silence is not taken for a limit in the other cases of the run', async (t) => {
  const silent = await startUpgradedServer(t, () => {})
  const context = contextFor(silent, { maxMessage: 1, timeout: 200 })
  const trial = createTrial(t, silent, 'perf.limit-find')
  assert.is((await findLimit(Object.assign(trial, { context }))).refused, 1)
  Object.assign(context, { target: parseTarget(await urlOf(t)), timeout: 30_000 })
  const other = createTrial(t, silent, 'perf.limit-fragments')
  assert.equal(await findLimit(Object.assign(other, { context })), { accepted: 1, refused: null, refusal: null })
})
