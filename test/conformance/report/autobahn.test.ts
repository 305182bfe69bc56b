import { formats } from '../../../src/conformance/report/index.ts'
import { buildBroken, buildCase, buildContext, buildMixedRun, buildRun } from '../../support/conformance-result.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/report/autobahn')
const closing = { requirement: '6455-7.1.7-3', class: 'should', actual: 'TCP closed' } as const

function index(run = buildMixedRun()) {
  return JSON.parse(formats['autobahn']([run], buildContext()))['ws 8.18']
}

test('has Autobahn’s layout and only its cases', () => {
  assert.equal(Object.keys(index()), ['1.1.2', '1.1.1', '5.9', '2.10', '12.1.1'])
  assert.equal(index()['1.1.1'], {
    behavior: 'OK',
    behaviorClose: 'OK',
    duration: 3,
    remoteCloseCode: 1000,
    reportfile: 'ws_8_18_case_1_1_1.json',
  })
})

test('translates the verdicts', () => {
  const word = (changes: object) =>
    index(buildRun([buildCase('a.b', { aliases: ['ab:1.1.1'], ...changes })]))['1.1.1'].behavior
  const words = (['pass', 'flaky', 'warn', 'fail', 'crash', 'error', 'info', 'skip'] as const).map((verdict) =>
    word({ verdict }),
  )
  assert.equal(words, [
    'OK',
    'NON-STRICT',
    'NON-STRICT',
    'FAILED',
    'FAILED',
    'FAILED',
    'INFORMATIONAL',
    'UNIMPLEMENTED',
  ])
})

test('judges the closing apart, by what Autobahn expects in its case', () => {
  const closeOf = (id: string, code: number | null, by: 'client' | 'server', tcp: 'fin' | null = 'fin') => {
    const close = { by, code, reason: code === null ? null : '', tcp }
    const row = index(buildRun([buildCase('a.b', { aliases: [`ab:${id}`], close })]))[id]
    return `${row.behavior}, ${row.behaviorClose}`
  }
  // The tester closes with 1000.
  assert.is(closeOf('1.1.1', 1000, 'client'), 'OK, OK')
  assert.is(closeOf('1.1.1', 1002, 'client'), 'OK, WRONG CODE')
  assert.is(closeOf('1.1.1', null, 'client'), 'OK, UNCLEAN')
  assert.is(closeOf('1.1.1', 1000, 'client', null), 'OK, UNCLEAN')
  assert.is(closeOf('1.1.1', 1000, 'server'), 'OK, FAILED')
  // The target must fail the connection. A Close is not required.
  assert.is(closeOf('3.1', 1002, 'server'), 'OK, OK')
  assert.is(closeOf('3.1', null, 'server'), 'OK, OK')
  assert.is(closeOf('3.1', 1007, 'server'), 'OK, WRONG CODE')
  // A wrong closing handshake fails the behavior as well in invalid UTF-8 and in the cases about closing.
  assert.is(closeOf('6.3.1', 1007, 'client'), 'FAILED, FAILED')
  assert.is(closeOf('7.7.2', 1001, 'client'), 'OK, OK')
  assert.is(closeOf('7.7.2', 1011, 'client'), 'FAILED, WRONG CODE')
})

test('does not blame a target that fails the connection without a code (RFC 6455 §7.1.7: SHOULD)', () => {
  const close = { by: 'server', code: null, reason: null, tcp: 'fin' } as const
  const silent = buildBroken('a.b', 'warn', closing, { aliases: ['ab:3.1'], close })
  const row = index(buildRun([silent]))['3.1']
  assert.equal([row.behavior, row.behaviorClose, row.remoteCloseCode], ['OK', 'OK', null])
})

test('fails both columns when the opening handshake failed', () => {
  const close = { by: null, code: null, reason: null, tcp: 'fin' } as const
  const failed = buildBroken('a.b', 'fail', {}, { aliases: ['ab:12.1.1'], opened: false, close })
  const row = index(buildRun([failed]))['12.1.1']
  assert.equal([row.behavior, row.behaviorClose], ['FAILED', 'FAILED'])
})

test('fails a case in which the target refused a message because of its size', () => {
  const limited = buildCase('a.b', { aliases: ['ab:9.1.6'], note: 'limit: Close 1009' })
  assert.is(index(buildRun([limited]))['9.1.6'].behavior, 'FAILED')
})

test('puts a fault in the closing handshake (§5.5.1) into the close column only', () => {
  const missing = buildBroken(
    'a.b',
    'warn',
    { requirement: '6455-5.5.1-7', class: 'should', actual: 'FIN without a Close' },
    { aliases: ['ab:1.1.1'], close: { by: null, code: null, reason: null, tcp: 'fin' } },
  )
  const endless = { ...missing, close: { by: 'client', code: 1000, reason: '', tcp: null } } as const
  const wordsOf = (result: typeof missing) => {
    const { behavior, behaviorClose } = index(buildRun([result]))['1.1.1']
    return `${behavior}, ${behaviorClose}`
  }
  assert.is(wordsOf(missing), 'OK, UNCLEAN')
  assert.is(wordsOf(endless), 'OK, UNCLEAN')
  assert.is(wordsOf({ ...missing, verdict: 'fail' }), 'OK, UNCLEAN')
})

test('calls a case NON-STRICT whose note says so', () => {
  const wordsOf = (note: string, verdict: 'pass' | 'info' = 'pass') =>
    index(buildRun([buildCase('a.b', { aliases: ['ab:1.1.1'], verdict, note })]))['1.1.1']
  assert.is(wordsOf('non-strict: noticed at the third step only').behavior, 'NON-STRICT')
  const late = wordsOf('5 ms; non-strict: the text before the fault was not echoed')
  assert.equal([late.behavior, late.behaviorClose], ['NON-STRICT', 'OK'])
  assert.is(wordsOf('noticed at the second step').behavior, 'OK')
  assert.is(wordsOf('non-strict: noticed at the third step only', 'info').behavior, 'INFORMATIONAL')
})

test('closes skipped compression cases as OK', () => {
  const closeOf = (id: string) =>
    index(buildRun([buildCase('a.b', { aliases: [`ab:${id}`], verdict: 'skip' })]))[id].behaviorClose
  assert.equal(['12.1.1', '13.7.18', '9.1.1', '1.2.1'].map(closeOf), ['OK', 'OK', 'UNIMPLEMENTED', 'UNIMPLEMENTED'])
})
