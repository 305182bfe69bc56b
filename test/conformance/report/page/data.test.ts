import { inflateRawSync } from 'node:zlib'
import { buildPageData, packWire } from '../../../../src/conformance/report/page/data.ts'
import type { RunResult, WireEvent } from '../../../../src/conformance/result.ts'
import { buildBroken, buildCase, buildContext, buildMixedRun, buildRun } from '../../../support/conformance-result.ts'
import { assert, suite } from '../../../support/unit.ts'

const test = suite('conformance/report/page/data')

function unpack(runs: RunResult[]): Record<string, WireEvent[][]> {
  return JSON.parse(inflateRawSync(Buffer.from(packWire(runs), 'base64')).toString())
}

test('says what the targets share once, with one result per target', () => {
  const other = buildRun([buildCase('hs.ok.minimal'), buildCase('zz.new', { requirements: ['7692-9-1'] })])
  const data = buildPageData([buildMixedRun(), other], buildContext())
  assert.is(data.cases.length, 14)
  assert.equal(
    data.cases.at(-1)?.results.map((result) => result?.verdict),
    [undefined, 'pass'],
  )
  assert.is(data.targets[0].counts.fail, 4)
  assert.is(data.targets[0].known, 1)
})

test('adds requirements that only a case knows', () => {
  const data = buildPageData([buildRun([buildCase('zz.new', { requirements: ['7692-9-1'] })])], buildContext())
  assert.is(data.requirements.at(-1)?.label, 'RFC 7692 §9')
})

test('packs the wire logs, short bytes for what passes and more for what deviates', () => {
  const wire: WireEvent[] = [{ t: 0, dir: 'in', kind: 'frame', text: 'binary', hex: 'ab'.repeat(256), size: 4096 }]
  const logs = unpack([buildRun([buildCase('a.good', { wire }), buildBroken('a.bad', 'fail', {}, { wire })])])
  assert.equal(
    [logs['a.good'], logs['a.bad']].map(([[event]]) => event.hex?.length),
    [96, 512],
  )
  assert.is(logs['a.good'][0][0].size, 4096)
})

test('retains at most 100 events of a case', () => {
  const wire = Array.from({ length: 500 }, (_, t): WireEvent => ({ t, dir: 'in', kind: 'fin', text: 'fin' }))
  assert.is(unpack([buildRun([buildCase('a.b', { wire })])])['a.b'][0].length, 100)
})
