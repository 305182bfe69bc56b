import { diffResults, formatDiff } from '../../../src/conformance/report/index.ts'
import type { Verdict } from '../../../src/conformance/result.ts'
import { buildCase, buildRun } from '../../support/conformance-result.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/report/diff')

function runOf(verdicts: Record<string, Verdict>, changes = {}) {
  return buildRun(
    Object.entries(verdicts).map(([id, verdict]) => buildCase(id, { verdict })),
    changes,
  )
}

test('finds nothing between a result and itself', () => {
  const run = runOf({ 'a.a': 'pass', 'a.b': 'fail' })
  assert.equal(diffResults(run, run), {
    regressions: [],
    fixes: [],
    moved: [],
    new: [],
    gone: [],
    observations: [],
    common: 2,
    catalogues: [1, 1],
  })
})

test('sorts changes into regressions, fixes and what is neither', () => {
  const old = runOf({ a: 'pass', b: 'fail', c: 'pass', d: 'skip', e: 'fail', f: 'warn', g: 'fail' })
  const next = runOf({ a: 'fail', b: 'pass', c: 'skip', d: 'fail', e: 'skip', f: 'fail', g: 'warn' })
  const diff = diffResults(old, next)
  assert.equal(
    diff.regressions.map(({ id }) => id),
    ['a', 'd', 'f'],
  )
  assert.equal(
    diff.fixes.map(({ id }) => id),
    ['b', 'g'],
  )
  assert.equal(
    diff.moved.map(({ id }) => id),
    ['c', 'e'],
  )
})

test('lists cases of one result only, and compares the others', () => {
  const diff = diffResults(runOf({ a: 'pass', b: 'fail' }), runOf({ b: 'fail', c: 'fail' }, { catalogue: 2 }))
  assert.equal(
    [diff.new, diff.gone].map((cases) => cases.map(({ id }) => id)),
    [['c'], ['a']],
  )
  assert.is(diff.common, 1)
  assert.match(
    formatDiff(diff, { color: false }),
    /1 cases compared \(catalogue 1 and 2: only common cases are compared\)/,
  )
})

test('reports changed observations and close codes, but no times', () => {
  const old = runOf({ a: 'pass' }, { observations: { limit: 1, codes: { x: 1, y: 2 }, pong_ms: 1 } })
  const next = runOf({ a: 'pass' }, { observations: { limit: 2, codes: { y: 2, x: 1 }, pong_ms: 9, idle: 5 } })
  next.cases[0].close.code = 1001
  assert.equal(diffResults(old, next).observations, [
    { name: 'limit', from: 1, to: 2 },
    { name: 'idle', from: undefined, to: 5 },
    { name: 'a close code', from: 1000, to: 1001 },
  ])
})

test('writes the changes worst first and the counts last', () => {
  const text = formatDiff(diffResults(runOf({ a: 'pass', b: 'fail' }), runOf({ a: 'crash', b: 'pass' })), {
    color: false,
  })
  assert.is(
    text,
    [
      'regressions',
      '  a  pass -> crash  Title of a',
      '',
      'fixes',
      '  b  fail -> pass  Title of b',
      '',
      '1 regressions, 1 fixes, 0 new, 0 gone; 2 cases compared',
      '',
    ].join('\n'),
  )
})
