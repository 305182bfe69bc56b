import * as assert from 'uvu/assert'
import type { CatalogueEntry } from '../../src/conformance/catalogue/index.ts'
import { clientEntries, serverEntries } from '../../src/conformance/index.ts'
import { suite } from '../support/unit.ts'
import { CHECKS } from './checks.ts'
import { DISMISSALS, type Dismissal } from './dismissals.ts'
import { isLike, judge } from './judgment.ts'
import { failure } from './sample.ts'

const test = suite('matrix: judgments')

test('upholds a failure that a check covers', () => {
  const judgment = judge('any', failure('mask.unmasked-text', 'the end of the connection', 'text message "Hello"'))
  assert.is(judgment.kind, 'upheld')
  assert.is(judgment.kind === 'upheld' && judgment.check.rule, 'RFC 6455 §5.1')
})

test('dismisses silence, also where a check names the row', () => {
  const judgment = judge('any', failure('mask.unmasked-text', 'the end of the connection', 'nothing within 2000 ms'))
  assert.is(judgment.kind === 'dismissed' && judgment.dismissal.title, 'Silence')
})

test('leaves an answer open that no person has seen', () => {
  assert.is(judge('any', failure('mask.unmasked-text', 'the end of the connection', 'a song')).kind, 'open')
  assert.is(judge('any', failure('ping.text', 'a pong', 'text message "Hello"')).kind, 'open')
})

test('leaves the death of a process open', () => {
  const died = { ...failure('mask.unmasked-text', 'alive', 'text message "Hello"'), verdict: 'crash' as const }
  assert.is(judge('any', died).kind, 'open')
})

test('keeps a judgment on one library to that library', () => {
  const row = failure('frag.text-2', 'echo: text "fragment1fragment2"', 'text "fragment1", 9 instead of 18 bytes')
  assert.is(judge('golang.org/x/net/websocket', row).kind, 'upheld')
  assert.is(judge('ws', row).kind, 'open')
})

test('judges a row of the client side as the row of the same name of the server side', () => {
  const row = failure('client.utf8.ab-6-1', 'Close 1007, then the end of the connection', 'text message ce')
  assert.is(judge('some as a client', row).kind, 'upheld')
  const masked = failure('client.frame.masked-text', 'the end of the connection', 'text message 9465f242b3')
  const judgment = judge('some as a client', masked)
  assert.is(judgment.kind === 'upheld' && judgment.check.text.startsWith('A client MUST close'), true)
})

test('judges by the first expectation of the class must that failed', () => {
  const row = failure('mask.unmasked-text', 'the end of the connection', 'text message "Hello"')
  row.assertions.unshift({ requirement: '', class: 'should', ok: false, expected: 'x', actual: 'nothing within 1 ms' })
  assert.is(judge('any', row).kind, 'upheld')
})

test('names only rows that the catalogue has', () => {
  for (const { rows } of [...CHECKS, ...DISMISSALS]) {
    for (const pattern of rows) assert.ok(entriesLike(pattern).length > 0, pattern)
  }
})

test('dismisses only failures: what no sentence requires is no row of the class must', () => {
  const ofMust = ({ rows }: Dismissal): boolean =>
    rows.includes('*') || rows.some((pattern) => entriesLike(pattern).some(({ class: kind }) => kind === 'must'))
  assert.equal(
    DISMISSALS.filter((dismissal) => !ofMust(dismissal)).map(({ rows }) => rows.join(' ')),
    [],
  )
  const accused = DISMISSALS.filter(({ why, labels }) => labels === undefined && /no sentence requires/i.test(why))
  assert.equal(
    accused.map(({ rows }) => rows.join(' ')),
    [],
  )
})

function entriesLike(pattern: string): CatalogueEntry[] {
  return [...serverEntries, ...clientEntries].filter(({ id }) => isLike(pattern, id))
}
