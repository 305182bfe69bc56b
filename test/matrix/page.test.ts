import * as assert from 'uvu/assert'
import type { CaseResult } from '../../src/conformance/result.ts'
import { suite } from '../support/unit.ts'
import { formatEvidence } from './evidence.ts'
import { formatPage, listOpen } from './page.ts'
import { column, failure, passed } from './sample.ts'

const test = suite('matrix: page')

const upheld = failure('mask.unmasked-text', 'the end of the connection', 'text message "<Hello>"', [
  { t: 0, dir: 'out', kind: 'frame', text: 'text fin 7 <Hello>', hex: 'ab'.repeat(100) },
])
const dismissed = failure('mask.unmasked-ping', 'the end of the connection', 'nothing within 2000 ms')
const open = failure('mask.unmasked-pong', 'the end of the connection', 'a song')
const columns = [
  column('Some | server', [upheld, dismissed, open, passed('mask.key-zero'), passed('ping.text')]),
  column('Some as a client', [passed('client.req.key')], 'client'),
]
const page = formatPage(columns)
const evidence = formatEvidence(columns)

/** The cells of the line of the table that begins with that. */
function cellsOf(name: string): string[] {
  const line = page.split('\n').find((text) => text.startsWith(`| ${name}`)) ?? ''
  return line.split(/(?<!\\)\|/).map((cell) => cell.trim())
}

test('counts what holds and what was upheld, and nothing else', () => {
  const cells = cellsOf('Some \\| server')
  assert.is(cells[1], 'Some \\| server')
  assert.is(cells[4], '[1/2](matrix.html#Some-server-mask)')
  assert.is(cells[8], '[1/1](matrix.html#Some-server-ping)')
  assert.is(cells[2], '–')
})

test('says with which tester, when and at which load the runs were made', () => {
  const later = { ...column('later', []), date: '2026-01-03', load: 8.2 }
  const words = formatPage([...columns, later]).replaceAll('\n', ' ')
  assert.match(words, 'The tester was dwebsocket 1.2.3, catalogue 2. The runs were made from 2026-01-02 to 2026-01-03')
  assert.match(words, 'at a load average of 2 to 8.')
  assert.match(words, '2 runs of servers and 1 of clients')
  assert.match(page.replaceAll('\n', ' '), 'The runs were made on 2026-01-02 at a load average of 2 to 2.')
})

test('has a table of clients, under the name of the library', () => {
  assert.is(
    page
      .split('## Clients')[1]
      .split('\n')
      .find((line) => line.startsWith('| Some '))
      ?.includes('[1/1]'),
    true,
  )
  assert.not.match(page.split('## Clients')[1].split('## The projects')[0], 'as a client')
})

test('names what was upheld below its sentence, and what was dismissed below its reason', () => {
  const [counted, notCounted] = page.split('## Failures that count')[1].split('## Failures that do not count')
  assert.match(counted, 'Some | server (1): `mask.unmasked-text`')
  assert.match(counted, '> The server MUST close the connection upon receiving a frame that is not masked.')
  assert.match(notCounted, 'Some | server (1): `mask.unmasked-ping`')
})

test('does not name a failure that nobody has judged, but says that there is one', () => {
  assert.not.match(page, 'mask.unmasked-pong')
  assert.not.match(evidence, 'mask.unmasked-pong')
  assert.match(page, '1 more failures were not reviewed')
  assert.equal(listOpen(columns), [
    'not judged: Some | server: mask.unmasked-pong: fail: expected the end of the connection, got a song',
  ])
  assert.match(formatPage([column('x', [upheld])]), 'Every failure of the class *must* was reviewed.')
})

test('shows the evidence of what counts, escaped and cut, where the table links to', () => {
  assert.match(evidence, '<section id="Some-server-mask">')
  assert.match(evidence, 'text message "&lt;Hello&gt;"'.replaceAll('"', '&quot;'))
  assert.match(evidence, `&gt; text fin 7 &lt;Hello&gt; ${'ab'.repeat(24)}…`.replace('&gt; text', '&gt; text'))
  assert.not.match(evidence, 'mask.unmasked-ping')
  assert.not.match(evidence, '<script')
})

test('shows the bytes of forty rows of a group, and names the others', () => {
  const rows = Array.from({ length: 42 }, () => structuredClone(upheld))
  rows[41].id = 'mask.unmasked-binary'
  const html = formatEvidence([column('many', rows)])
  assert.is(html.split('<details>').length - 1, 40)
  assert.match(html, '<p>2 more: <code>mask.unmasked-text</code>, <code>mask.unmasked-binary</code></p>')
})

const ended = (note: string): CaseResult => ({ ...passed('ping.text'), verdict: 'crash', note })

test('names the cases that end the process, but not those that only noticed its end', () => {
  const words = formatPage([
    column('mortal', [ended('the target died; its last output: Segmentation fault')]),
    column('doubtful', [ended('none of them repeats that alone; the cause is unknown')]),
    column('immortal', [passed('ping.text')]),
  ])
  const [, part] = words.split('## Processes that ended')
  assert.match(part.split('## Failures')[0], '\n- mortal: `ping.text`\n')
  assert.not.match(part.split('## Failures')[0], 'doubtful')
  assert.match(part, '1 more failures were not reviewed')
  assert.match(page.split('## Processes that ended')[1].split('## Failures')[0], 'None.')
})

test('names each server once whose results vary', () => {
  const recipe = { name: 'moody', language: 'C', word: 'A word.', varies: 'It depends.' }
  const words = formatPage([column('moody', []), column('moody + deflate', [])].map((one) => ({ ...one, recipe })))
  const [, part] = words.split('## Results that vary')
  assert.is(part.split('\n- moody: It depends.\n').length, 2)
  assert.match(page.split('## Results that vary')[1].split('## Failures')[0], 'None.')
})

test('says for each cell how many cases passed, and why others were skipped', () => {
  const skipped: CaseResult[] = ['len.a', 'len.b'].map((id) => ({ ...passed(id), verdict: 'skip', note: '<too> long' }))
  const html = formatEvidence([column('short', [passed('len.text-125'), ...skipped])])
  assert.match(html, '<section id="short-len"><h3>length</h3><p>Passed: 1.</p>')
  assert.match(html, '<li>&lt;too&gt; long: <code>len.a</code>, <code>len.b</code></li>')
})

test('leaves out a server with no evidence', () => {
  assert.not.match(formatEvidence([column('silent', [])]), '<h2>')
})
