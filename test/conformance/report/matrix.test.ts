import { matrixHtml, matrixMarkdown, matrixText } from '../../../src/conformance/report/index.ts'
import type { RunResult, Verdict } from '../../../src/conformance/result.ts'
import { buildCase, buildContext, buildRun } from '../../support/conformance-result.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/report/matrix')

function runOf(label: string, verdicts: Record<string, Verdict>): RunResult {
  const run = buildRun(Object.entries(verdicts).map(([id, verdict]) => buildCase(id, { verdict })))
  run.target.label = label
  return run
}

const runs = [
  runOf('one', { 'hs.a': 'pass', 'hs.b': 'pass', 'len.c': 'pass', 'len.d': 'fail' }),
  runOf('two', { 'hs.a': 'pass', 'hs.b': 'fail', 'len.c': 'pass' }),
]

test('shows groups and the cases on which the targets differ', () => {
  assert.is(
    matrixText(runs, buildContext()),
    [
      'group     one             two',
      'hs        2/2             1/2',
      'len       1/2             1/1',
      'verdict   not conforming  not conforming',
      '',
      '2 differ  one             two',
      'hs.b      pass            fail',
      'len.d     fail            -',
    ].join('\n'),
  )
})

test('folds many cases of a group that differ alike', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'].map((name) => `pmd.data.${name}`)
  const all = (verdict: Verdict) => Object.fromEntries(ids.map((id) => [id, verdict]))
  const text = matrixText([runOf('one', all('pass')), runOf('two', all('skip'))], buildContext())
  assert.match(text, /\npmd\.data: 5 cases {2}pass +skip$/)
})

test('says so when no case differs', () => {
  assert.match(matrixText([runs[0], runs[0]], buildContext()), /\nno case differs$/)
  assert.match(matrixMarkdown([runs[0], runs[0]], buildContext()), /No case differs\.$/)
})

test('writes the same as Markdown and as a page', () => {
  const text = matrixMarkdown(runs, buildContext())
  assert.match(text, /\| hs \| 2\/2 \| 1\/2 \|/)
  assert.match(text, /\| `len\.d` \| Title of len\.d \| fail \| - \|$/)
  assert.match(matrixHtml(runs, buildContext()), /^<!doctype html>/)
})
