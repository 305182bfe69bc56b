import { formats } from '../../../src/conformance/report/index.ts'
import { buildContext, buildRun } from '../../support/conformance-result.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/report')

test('has every format of the command line', () => {
  const names = ['text', 'json', 'jsonl', 'junit', 'tap', 'markdown', 'github', 'badge', 'html', 'autobahn']
  assert.equal(Object.keys(formats), names)
})

test('writes a run without cases, and no run at all, in every format', () => {
  for (const [name, format] of Object.entries(formats)) {
    assert.type(format([buildRun([])], buildContext({ verbosity: 2 })), 'string', name)
    assert.type(format([], buildContext()), 'string', name)
  }
})

test('ends every format with a line end', () => {
  for (const [name, format] of Object.entries(formats)) {
    assert.ok(format([buildRun([])], buildContext()).endsWith('\n'), name)
  }
})
