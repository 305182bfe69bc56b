import { openMany, openWhenFree } from '../../../src/conformance/script/open-many.ts'
import { Skip } from '../../../src/conformance/script/trial.ts'
import { createTrial } from '../../support/conformance-trial.ts'
import { assert, suite, type TestContext, thrownBy } from '../../support/unit.ts'
import { startServer } from '../broken/server.ts'

const test = suite('conformance/script/open-many')

async function limitedServer(t: TestContext): Promise<string> {
  const server = await startServer({ defects: new Set(['limits-connections'] as const) })
  t.after(() => server.close())
  return server.url
}

test('opens as many connections as are asked for', async (t) => {
  const trial = createTrial(t, await limitedServer(t))
  assert.is((await openMany(trial, 20)).length, 20)
})

test('a target that serves only some of them ends the case as skipped', async (t) => {
  const trial = createTrial(t, await limitedServer(t))
  const error = await thrownBy(() => openMany(trial, 30))
  assert.instance(error, Skip)
  assert.is(error.message, 'the target serves 20 of 30 connections at the same time')
  assert.ok(trial.refused)
})

test('waits for a target that is still busy with others', async (t) => {
  const trial = createTrial(t, await limitedServer(t))
  const [first] = await openMany(trial, 20)
  trial.context.timeout = 30_000
  const waiting = openWhenFree(trial)
  trial.release(first)
  assert.not.ok((await waiting).ended)
})

test('a target that is busy for too long may only be slow', async (t) => {
  const trial = createTrial(t, await limitedServer(t))
  await openMany(trial, 20)
  trial.context.timeout = 300
  await thrownBy(() => openWhenFree(trial))
  assert.is(trial.timedOut, true)
})
