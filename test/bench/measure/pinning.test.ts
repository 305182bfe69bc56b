import { parseCpuList, pinned } from '../../../bench/measure/pinning.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('bench pinning')

test('reads lists and ranges of processors', () => {
  assert.equal(parseCpuList(' 0,1\n'), [0, 1])
  assert.equal(parseCpuList('0-2,5'), [0, 1, 2, 5])
  assert.equal(parseCpuList('3'), [3])
})

test('puts taskset before the command, or nothing', () => {
  assert.equal(pinned(1, ['node', 'x.js']), ['taskset', ['-c', '1', 'node', 'x.js']])
  assert.equal(pinned(undefined, ['node', 'x.js']), ['node', ['x.js']])
})
