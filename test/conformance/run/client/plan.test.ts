import type { CatalogueEntry } from '../../../../src/conformance/catalogue/entry.ts'
import { findEntry } from '../../../../src/conformance/catalogue/index.ts'
import { Plan } from '../../../../src/conformance/run/client/plan.ts'
import type { Case } from '../../../../src/conformance/script/case.ts'
import { assert, suite } from '../../../support/unit.ts'

const test = suite('conformance/run/client/plan')

function planOf(...cases: Partial<Case>[]): Plan {
  const whole = cases.map((one): Case => ({ id: '', run: async () => {}, ...one }))
  const byId = new Map(whole.map((one) => [one.id, one]))
  return new Plan(
    whole.map(({ id }) => findEntry(id) as CatalogueEntry),
    (id) => byId.get(id),
  )
}

test('connections are numbered from 1, several for a case that wants them, none for one that starts clients', () => {
  const plan = planOf(
    { id: 'client.resp.ok' },
    { id: 'client.resp.eof', connections: 3 },
    { id: 'client.req.query', connections: 0 },
    { id: 'client.len.text-0' },
  )
  assert.is(plan.total, 5)
  const ids = [0, 1, 2, 3, 4, 5, 6].map((number) => plan.at(number)?.entry.id)
  assert.equal(ids, [
    undefined,
    'client.resp.ok',
    'client.resp.eof',
    'client.resp.eof',
    'client.resp.eof',
    'client.len.text-0',
    undefined,
  ])
  assert.is(plan.named('1.1.1')?.first, 5)
})

test('what checks all traffic runs last', () => {
  const plan = planOf({ id: 'client.req.host', phase: 'after' }, { id: 'client.resp.ok' })
  assert.is(plan.at(1)?.entry.id, 'client.resp.ok')
  assert.is(plan.at(2)?.entry.id, 'client.req.host')
})
