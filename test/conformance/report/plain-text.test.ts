import {
  createPainter,
  cutText,
  formatDuration,
  printable,
  wrapText,
} from '../../../src/conformance/report/plain-text.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/report/plain-text')

test('makes text of a target harmless for a terminal', () => {
  assert.is(printable('a\r\n  b'), 'a b')
  assert.is(printable('\u001b[2J\u0000\u009b\u202e'), '\\x1b[2J\\x00\\x9b\\u202e')
  assert.is(printable('größe 😀'), 'größe 😀')
})

test('wraps at spaces and leaves a long word whole', () => {
  assert.equal(wrapText('one two three', 7), ['one two', 'three'])
  assert.equal(wrapText('unbreakable yes', 4), ['unbreakable', 'yes'])
  assert.equal(wrapText('', 4), [''])
})

test('cuts with a sign that something is missing', () => {
  assert.is(cutText('abcdef', 6), 'abcdef')
  assert.is(cutText('abcdefg', 6), 'abcde…')
})

test('writes times as people read them', () => {
  assert.equal([3.4, 999, 11_400, 125_000].map(formatDuration), ['3 ms', '999 ms', '11.4 s', '2 min 5 s'])
})

test('colours only when asked to', () => {
  assert.is(createPainter(false)('x', 'red'), 'x')
  assert.is(createPainter(true)('x', 'bold', 'red'), '\x1b[1;31mx\x1b[0m')
})
