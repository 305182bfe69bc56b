import {
  countMust,
  countVerdicts,
  describeCounts,
  formatDeviations,
  groupCases,
  isFailure,
  judge,
  judgedCount,
  worstVerdict,
} from '../../../src/conformance/report/verdict.ts'
import { buildBroken, buildCase, buildMixedRun, buildRun } from '../../support/conformance-result.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/report/verdict')
const { cases } = buildMixedRun()

test('counts crashes and MUSTs as failures, SHOULDs only when strict, known ones never', () => {
  assert.is(isFailure(buildCase('a.b', { verdict: 'crash' }), false), true)
  assert.is(isFailure(buildCase('a.b', { verdict: 'fail' }), false), true)
  assert.is(isFailure(buildCase('a.b', { verdict: 'warn' }), false), false)
  assert.is(isFailure(buildCase('a.b', { verdict: 'warn' }), true), true)
  assert.is(isFailure(buildCase('a.b', { verdict: 'fail', known: true }), true), false)
  for (const verdict of ['pass', 'info', 'skip', 'flaky', 'error'] as const) {
    assert.is(isFailure(buildCase('a.b', { verdict }), true), false, verdict)
  }
})

test('names the worst verdict, and a crash before a failure', () => {
  assert.is(worstVerdict(cases), 'crash')
  assert.is(worstVerdict([buildCase('a.b'), buildCase('a.c', { verdict: 'warn' })]), 'warn')
  assert.is(worstVerdict([]), 'pass')
})

test('counts every verdict and what was judged', () => {
  const counts = countVerdicts(cases)
  assert.is(counts.total, 13)
  assert.is(counts.fail, 4)
  assert.is(counts.skip, 2)
  assert.is(judgedCount(counts), 10)
  assert.is(formatDeviations(counts), '1 crash  4 fail  1 error  1 warn  1 flaky  1 info  2 skip')
})

test('counts what the baseline knows apart', () => {
  assert.equal(describeCounts(cases).at(-1), '1 known')
  assert.ok(describeCounts(cases).includes('3 failed'))
})

test('groups by full name or by its first part, in the order of the catalogue', () => {
  assert.equal(
    groupCases(cases).map(({ name }) => name),
    ['hs.ok', 'hs.ver', 'len', 'frag', 'ping', 'pmd.neg', 'robust'],
  )
  assert.equal(
    groupCases(cases, true).map((group) => [group.name, group.cases.length]),
    [
      ['hs', 3],
      ['len', 2],
      ['frag', 3],
      ['ping', 2],
      ['pmd', 2],
      ['robust', 1],
    ],
  )
})

test('counts the MUST cases that hold', () => {
  const rows = [
    buildCase('a.b'),
    buildBroken('a.c', 'fail', {}),
    buildBroken('a.d', 'warn', {}),
    buildCase('a.e', { verdict: 'skip' }),
    buildCase('a.f', { class: 'should' }),
  ]
  assert.equal(countMust(rows), { held: 2, judged: 3 })
})

test('judges by the strictness of the report', () => {
  const warned = buildRun([buildBroken('a.b', 'warn', {})])
  assert.equal(judge(warned, { strict: false }), { verdict: 'conforming', word: 'CONFORMING', reason: '' })
  assert.equal(judge(warned, { strict: true }), {
    verdict: 'nonconforming',
    word: 'NOT CONFORMING',
    reason: '1 SHOULD',
  })
  assert.is(judge(buildMixedRun(), { strict: true }).reason, '4 MUST, 1 SHOULD')
})

test('calls a run incomplete that could not judge everything', () => {
  const unjudged = buildRun([buildCase('a.b', { verdict: 'error' })])
  assert.equal(judge(unjudged, { strict: false }), {
    verdict: 'incomplete',
    word: 'INCOMPLETE',
    reason: '1 not judged',
  })
  const broken = buildRun([buildCase('a.b')])
  broken.summary.verdict = 'incomplete'
  assert.is(judge(broken, { strict: false }).reason, 'not every selected case ran')
})
