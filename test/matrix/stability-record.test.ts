import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildCase } from '../support/conformance-result.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { StabilityRecord } from './stability-record.ts'

const test = suite('matrix: the record of stability')

function fileIn(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'stability-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'stability.json')
}

const NOTHING = new Set<string>()

test('continues with the runs that its file has', (t) => {
  const file = fileIn(t)
  new StabilityRecord(file).add('ws', '-j1 #1', [buildCase('ping.text')])
  const record = new StabilityRecord(file)
  assert.ok(record.has('ws', '-j1 #1'))
  assert.not(record.has('ws', '-j8 #1'))
  assert.not(record.has('faye', '-j1 #1'))
  assert.equal(record.report('ws', NOTHING), ['ws: 0 of 1 rows change in 1 runs; 0 of 0 that depend on timing'])
})

test('lists the rows whose verdict changes, and those that depend on timing apart', (t) => {
  const record = new StabilityRecord(fileIn(t))
  const verdicts = (chop: 'pass' | 'flaky', split: 'pass' | 'fail') => [
    buildCase('ping.text'),
    buildCase('len.chop', { verdict: chop, note: 'late' }),
    buildCase('frag.split', { verdict: split }),
  ]
  record.add('ws', '-j1 #1', verdicts('pass', 'pass'))
  record.add('ws', '-j8 #1', verdicts('pass', 'pass'))
  record.add('ws', '-j8 busy #1', verdicts('flaky', 'fail'))
  assert.equal(record.report('ws', new Set(['len.chop'])), [
    'ws: 1 of 2 rows change in 3 runs; 1 of 1 that depend on timing',
    '  frag.split: pass ×2, fail ×1 [-j8 busy #1]',
    '  len.chop (timing): pass ×2, flaky (late) ×1 [-j8 busy #1]',
  ])
})

test('a row that a run lacks has changed', (t) => {
  const record = new StabilityRecord(fileIn(t))
  record.add('ws', '-j1 #1', [buildCase('ping.text'), buildCase('ping.empty')])
  record.add('ws', '-j1 #2', [buildCase('ping.text')])
  assert.equal(record.report('ws', NOTHING)[1], '  ping.empty: pass ×1, absent ×1 [-j1 #2]')
})
