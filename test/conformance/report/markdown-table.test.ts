import { code, escapeMarkdown, formatTable } from '../../../src/conformance/report/markdown-table.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/report/markdown-table')

test('writes a table with its alignment', () => {
  assert.is(formatTable(['a', 'b'], [['1', '2']], '-r'), '| a | b |\n| --- | --: |\n| 1 | 2 |')
})

test('escapes what Markdown would read', () => {
  assert.is(escapeMarkdown('a|b*c_d`<e>\n@f'), 'a\\|b\\*c\\_d\\`&lt;e> &#64;f')
})

test('keeps code in one cell', () => {
  assert.is(code('a`b|c'), "`a'b\\|c`")
})
