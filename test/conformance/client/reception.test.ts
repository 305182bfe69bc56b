import { CaseReception } from '../../../src/conformance/client/reception.ts'
import { receive } from '../../../src/conformance/run/client/client-run.ts'
import type { PlannedCase } from '../../../src/conformance/run/client/plan.ts'
import { contextFor, createTrial } from '../../support/conformance-trial.ts'
import { assert, suite } from '../../support/unit.ts'
import { launchReference } from '../broken/try-client.ts'

const test = suite('conformance/client/reception')
const URL_NOBODY_OPENS = 'ws://127.0.0.1:1/'

function receptionFor(connections: number, launcher: ReturnType<typeof launchReference> | null = null): CaseReception {
  const context = contextFor(URL_NOBODY_OPENS)
  const agent = { context, launcher, name: 'client', base: URL_NOBODY_OPENS, reportsEvents: false, command: null }
  return new CaseReception({ ...agent, keys: new Map(), gone: new Promise(() => {}) }, 1, connections)
}

test('a client or an event that does not arrive in time is a timeout', async (t) => {
  const trial = createTrial(t, URL_NOBODY_OPENS)
  assert.is(await receptionFor(1).arrived(trial, { timeout: 1 }, null), null)
  assert.is(trial.timedOut, true)
})

test('a case may last until the last of its clients has connected, and then as long as any other', () => {
  const planned = { how: { id: 'client.resp.ok', run: async () => {} } } as unknown as PlannedCase
  assert.is(receive(planned, receptionFor(3)).limit, 60_000 + 3 * 70_000)
  assert.is(receive(planned, receptionFor(2, launchReference())).limit, 60_000 + 2 * 20_000)
})
