import { Parser, type Result } from 'tap-parser'
import { formats } from '../../../src/conformance/report/index.ts'
import type { RunResult } from '../../../src/conformance/result.ts'
import { buildCase, buildContext, buildMixedRun, buildRun } from '../../support/conformance-result.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/report/tap')

/** Parses the report with a strict parser. Fails for anything that is not TAP. */
function parseTap(runs: RunResult[], strict = false) {
  const parser = new Parser({ strict: true })
  const points: Result[] = []
  const comments: string[] = []
  const extra: string[] = []
  let subtests = 0
  parser.on('assert', (point) => points.push(point))
  parser.on('comment', (comment) => comments.push(comment.trim()))
  parser.on('extra', (line) => extra.push(line))
  parser.on('child', () => subtests++)
  parser.end(formats['tap'](runs, buildContext({ strict })))
  assert.equal(extra, [])
  return { parser, points, comments, subtests, byId: new Map(points.map((point) => [point.name.split(' ')[0], point])) }
}

test('announces the version and the plan first', () => {
  assert.ok(
    formats['tap']([buildMixedRun()], buildContext()).startsWith('TAP version 14\n1..13\nok 1 - hs.ok.minimal '),
  )
})

test('is read by a TAP parser: a point per case, failures, skips and known ones', () => {
  const { points, byId, parser } = parseTap([buildMixedRun()])
  assert.is(points.length, 13)
  assert.is(parser.planEnd, 13)
  assert.is(byId.get('hs.ok.minimal')?.ok, true)
  assert.is(byId.get('hs.ok.minimal')?.time, 3)
  assert.is(byId.get('hs.ver.v14')?.ok, false)
  assert.is(byId.get('robust.files')?.ok, false)
  assert.is(byId.get('pmd.neg.plain')?.skip, 'server declined permessage-deflate')
  assert.is(byId.get('frag.known')?.todo, 'baseline: known fail')
  assert.equal([parser.count, parser.fail, parser.skip, parser.todo], [13, 6, 2, 1])
})

test('describes a failure in YAML', () => {
  const diagnostics = parseTap([buildMixedRun()]).byId.get('frag.markup')?.diag
  assert.is(diagnostics.rule, '6455-5.4-5 Fragments in order.')
  assert.is(diagnostics.expected, 'fail(1002)')
  assert.is(diagnostics.received, '</script><b>&"\'`|\\x01\\x1b[31m] ]]> # é next ::error::')
})

test('says warnings as comments, and fails them when strict', () => {
  const mild = parseTap([buildMixedRun()])
  assert.is(mild.byId.get('len.long16-1')?.ok, true)
  assert.ok(mild.comments.includes('# warn len.long16-1: expected fail(1002), received TCP closed'))
  assert.is(parseTap([buildMixedRun()], true).byId.get('len.long16-1')?.ok, false)
})

test('prevents a number sign in a title from becoming a directive', () => {
  const { points } = parseTap([buildRun([buildCase('len.one', { title: 'A # TODO \\ in a title' })])])
  assert.is(points[0].todo, false)
  assert.match(points[0].name, /# TODO/)
})

test('makes a subtest of each of several targets', () => {
  const good = buildRun([buildCase('len.one')])
  const { points, subtests } = parseTap([buildMixedRun(), good])
  assert.is(subtests, 2)
  assert.equal(
    points.map(({ ok }) => ok),
    [false, true],
  )
})
