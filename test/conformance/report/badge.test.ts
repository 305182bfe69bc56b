import { formats } from '../../../src/conformance/report/index.ts'
import { buildCase, buildContext, buildMixedRun, buildRun } from '../../support/conformance-result.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/report/badge')

test('counts the MUST cases that hold, red when the target does not conform', () => {
  const badge = JSON.parse(formats['badge']([buildMixedRun()], buildContext()))
  assert.equal(badge, { schemaVersion: 1, label: 'conformance', message: '4/9 MUST', color: 'red' })
})

test('is green for a good target and yellow for an incomplete run', () => {
  const color = (verdict: 'pass' | 'error') =>
    JSON.parse(formats['badge']([buildRun([buildCase('a.b', { verdict })])], buildContext())).color
  assert.equal([color('pass'), color('error')], ['brightgreen', 'yellow'])
})
