import { collectFindings, collectSkips } from '../../../src/conformance/report/finding.ts'
import { buildBroken, buildCase, buildContext, buildMixedRun } from '../../support/conformance-result.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/report/finding')
const context = buildContext()

test('collapses cases of a group that deviate alike', () => {
  const findings = collectFindings(buildMixedRun().cases, ['fail'], context)
  assert.equal(
    findings.map(({ cases }) => cases.map(({ id }) => id)),
    [['hs.ver.v14', 'hs.ver.v0'], ['frag.markup'], ['frag.known']],
  )
})

test('separates what deviates differently, even in the answer only', () => {
  const cases = [
    buildBroken('a.b', 'fail', { actual: 'an echo' }),
    buildBroken('a.c', 'fail', { actual: 'silence' }),
    buildBroken('a.d', 'warn', { actual: 'an echo' }),
    buildBroken('b.e', 'fail', { actual: 'an echo' }),
  ]
  assert.is(collectFindings(cases, ['fail', 'warn'], context).length, 4)
})

test('reads rule, level, expectation and answer from the assertions that do not hold', () => {
  const good = { requirement: '6455-5.2-3', class: 'must', ok: true, expected: 'x', actual: 'x' } as const
  const result = buildBroken('a.b', 'warn', { requirement: '6455-7.1.7-3', actual: 'TCP closed' })
  result.assertions.unshift(good)
  const [finding] = collectFindings([result], ['warn'], context)
  assert.equal(
    finding.rules.map(({ id }) => id),
    ['6455-7.1.7-3'],
  )
  assert.is(finding.level, 'SHOULD')
  assert.is(finding.expected, 'fail(1002)')
  assert.is(finding.received, 'TCP closed')
})

test('falls back to the words of the catalogue and the note', () => {
  const [finding] = collectFindings([buildCase('a.b', { verdict: 'error', note: 'no port' })], ['error'], context)
  assert.is(finding.expected, 'echo, then clean close')
  assert.is(finding.received, 'no port')
})

test('says each reason of a skip once per group', () => {
  assert.equal(collectSkips(buildMixedRun().cases), [
    { group: 'pmd', reason: 'server declined permessage-deflate', count: 2 },
  ])
})
