import { formats } from '../../../src/conformance/report/index.ts'
import { buildCase, buildContext, buildFullRun, buildMixedRun, buildRun } from '../../support/conformance-result.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/report/text')
const text = formats['text']

test('begins with tool, target and selection', () => {
  const lines = text([buildMixedRun()], buildContext({ width: 120 })).split('\n')
  assert.is(
    lines[0],
    'dwebsocket conform 1.0.0  target ws://127.0.0.1:9001/  server "ws 8.18"  pmd yes  h2 no  seed 48213',
  )
  assert.is(lines[1], 'selected 6 of 9 cases (core)')
})

test('shows one line per group with a sign per case', () => {
  const lines = text([buildMixedRun()], buildContext()).split('\n')
  const group = (name: string) => lines.find((line) => line.startsWith(`  ${name} `))?.replace(/ +/g, ' ')
  assert.is(group('hs'), ' hs .FF 1/3 2 fail')
  assert.is(group('frag'), ' frag CFF 0/3 1 crash 2 fail')
  assert.is(group('pmd'), ' pmd -- - 2 skip')
})

test('shows a failure in full: rule, sent, expected, received, again', () => {
  const report = text([buildMixedRun()], buildContext())
  const block = report.slice(report.indexOf('FAIL  hs.ver.v14'), report.indexOf('CRASH'))
  assert.match(block, /^FAIL {2}hs\.ver\.v14 and 1 more {2}Version 14 +MUST {2}RFC 6455 4\.4\n/)
  assert.match(block, / cases {5}2: hs\.ver\.v14, hs\.ver\.v0\n/)
  assert.match(block, / rule {6}For a version it does not speak, the server lists its own\n {16}versions in/)
  assert.match(block, / expected {2}Sec-WebSocket-Version has 13\n/)
  assert.match(block, / received {2}field missing\n/)
  assert.match(block, / again {5}dwebsocket conform ws:\/\/127\.0\.0\.1:9001 -c hs\.ver\.v14 --trace --seed 48213\n/)
})

test('keeps every line but the commands within the width', () => {
  for (const width of [60, 80, 132]) {
    for (const verbosity of [0, 1, 2] as const) {
      const lines = text([buildMixedRun()], buildContext({ width, verbosity })).split('\n')
      const long = lines.filter(
        (line) => line.length > width && !line.includes(' again ') && !/^(pass|[a-z]+) {2}/.test(line),
      )
      assert.equal(long, [], `${width} columns, verbosity ${verbosity}`)
    }
  }
})

test('ends with the counts and, in the last line, the verdict', () => {
  const lines = text([buildMixedRun()], buildContext({ width: 120 }))
    .trimEnd()
    .split('\n')
  assert.is(lines.at(-1), ' verdict: NOT CONFORMING (4 MUST)      strict: 5')
  assert.match(lines.at(-2)!, /^ 1 crashed {2}3 failed .* 2 passed {2}1 known {2}11\.4 s$/)
  const one = text([buildRun([buildCase('len.one')])], buildContext())
    .trimEnd()
    .split('\n')
  assert.is(one.at(-1), ' verdict: CONFORMING      strict: conforming')
})

test('says the reason of skips once per group', () => {
  const report = text([buildMixedRun()], buildContext())
  assert.is(report.split('server declined permessage-deflate').length, 2)
})

test('prints failures and the verdict only when quiet', () => {
  const report = text([buildMixedRun()], buildContext({ verbosity: -1 }))
  assert.ok(report.startsWith('FAIL '))
  assert.not.match(report, /WARN|skip {2}pmd|selected/)
})

test('adds the profile and every case with -v, and frames with -vv', () => {
  const loud = text([buildMixedRun()], buildContext({ verbosity: 1 }))
  assert.match(loud, /\nProfile\n/)
  assert.match(loud, /\npass {3}len\.text-0 {2}Empty text {2}3 ms\n/)
  assert.not.match(loud, /81 05 48 65 6c 6c 6f/)
  assert.match(text([buildMixedRun()], buildContext({ verbosity: 2 })), /81 05 48 65 6c 6c 6f/)
})

test('shows warnings in full when they fail', () => {
  const report = text([buildMixedRun()], buildContext({ strict: true }))
  assert.match(report, /verdict: NOT CONFORMING \(4 MUST, 1 SHOULD\)/)
  assert.match(report.slice(report.indexOf('WARN ')), / again /)
})

test('does not let control characters of the target reach the terminal', () => {
  const report = text([buildMixedRun()], buildContext())
  assert.not.match(report, /[\u0000-\u0009\u000b-\u001f]/)
  assert.match(report, /\\x1b\[31m/)
})

test('colours on request', () => {
  assert.match(text([buildMixedRun()], buildContext({ color: true })), /\x1b\[1;31mFAIL/)
})

test('fits a full catalogue into one line per group', () => {
  const lines = text([buildFullRun()], buildContext({ verbosity: 0 })).split('\n')
  const utf8 = lines.filter((line) => line.startsWith('  utf8 '))
  assert.is(utf8.length, 1)
  assert.match(utf8[0], /F/)
})

test('ends several targets with the cases on which they differ', () => {
  const other = buildMixedRun()
  other.target.label = 'other'
  other.cases[0].verdict = 'fail'
  const report = text([buildMixedRun(), other], buildContext())
  assert.match(report, /1 differ +ws 8\.18 +other\nhs\.ok\.minimal +pass +fail\n$/)
})
