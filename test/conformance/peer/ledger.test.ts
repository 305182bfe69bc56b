import { Ledger } from '../../../src/conformance/peer/ledger.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/peer/ledger')

test('codes of failed connections are recorded with the cases they were seen in', () => {
  const ledger = new Ledger()
  ledger.failure(1002, 1002, 'a.case')
  ledger.failure(1002, null, 'a.case')
  ledger.failure(1002, 1002, 'b.case')
  assert.equal(
    [...ledger.failuresOf(1002)],
    [
      [1002, new Set(['a.case', 'b.case'])],
      [null, new Set(['a.case'])],
    ],
  )
  assert.is(ledger.failuresOf(1007).size, 0)
})

test('the ledger names the case, records some and counts the rest', () => {
  const ledger = new Ledger()
  for (let index = 0; index < 100; index++) ledger.breach('inv.rsv', `case-${index}`, 'x')
  assert.is(ledger.breachesOf('inv.rsv').length, 50)
  assert.equal(ledger.breachesOf('inv.rsv')[0], { rule: 'inv.rsv', seenIn: 'case-0', detail: 'x' })
  ledger.count('close.1002')
  ledger.count('close.1002')
  assert.equal(ledger.countsOf('close.'), { 1002: 2 })
})

test('times become a median and a 95th percentile', () => {
  const ledger = new Ledger()
  assert.is(ledger.timesOf('pong'), null)
  for (let index = 1; index <= 100; index++) ledger.time('pong', index)
  assert.equal(ledger.timesOf('pong'), { p50: 51, p95: 96, count: 100 })
})
