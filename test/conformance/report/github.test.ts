import { formats } from '../../../src/conformance/report/index.ts'
import { buildContext, buildMixedRun } from '../../support/conformance-result.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/report/github')

test('writes one command per line, like failures in one', () => {
  const lines = formats['github']([buildMixedRun()], buildContext()).trimEnd().split('\n')
  for (const line of lines) assert.match(line, /^::(error|warning|notice) title=[^:,]+::[^\r\n]+$/)
  assert.equal(
    lines.map((line) => line.split(' ')[0].slice(2)),
    ['error', 'warning', 'error', 'error', 'notice', 'error', 'notice'],
  )
  assert.match(lines[0], /^::error title=hs\.ver\.v14 and 1 more \(MUST%2C RFC 6455 §4\.4\)::Version 14%0Arule: /)
})

test('ends with the verdict', () => {
  const last = formats['github']([buildMixedRun()], buildContext()).trimEnd().split('\n').at(-1)
  assert.match(last!, /::NOT CONFORMING \(4 MUST\): 1 crashed, 3 failed/)
})

test('turns a warning into an error when strict', () => {
  const report = formats['github']([buildMixedRun()], buildContext({ strict: true }))
  assert.match(report, /^::error title=len\.long16-1 /m)
})
