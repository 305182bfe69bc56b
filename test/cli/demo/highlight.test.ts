import { escapeHtml, highlight } from '../../../src/cli/demo/highlight.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('demo highlight')

/** Returns the colored tokens, as `kind text`. */
const tokensOf = (code: string): string[] =>
  [...highlight(code).matchAll(/<span class="(\w+)">(.*?)<\/span>/gs)].map(([, kind, text]) => `${kind} ${text}`)

test('colors comments, strings, regular expressions, keywords and numbers', () => {
  assert.equal(tokensOf("const a = 'it\\'s' // not 'b'"), ['keyword const', "string 'it\\'s'", "comment // not 'b'"])
  assert.equal(tokensOf('return /^["\'/]+$/.test(x) ? 0x1f : 2_000'), ['keyword return', 'number 0x1f', 'number 2_000'])
  assert.equal(tokensOf('if (/[/"]"/.test(x)) /* a\nb */ 1'), [
    'keyword if',
    'pattern /[/&quot;]&quot;/',
    'comment /* a\nb */',
    'number 1',
  ])
})

test('a template with templates in it is one string', () => {
  const template = `\`a\${b ? \`\${c}\` : ''}d\``
  assert.equal(tokensOf(`${template} + e`), [`string ${template}`])
})

test('a property name or a part of a name is not a keyword', () => {
  assert.equal(tokensOf('x.delete(newest, #get, a1)'), [])
})

test('what is special in HTML is escaped', () => {
  assert.is(highlight('a < b && "c"'), 'a &lt; b &amp;&amp; <span class="string">&quot;c&quot;</span>')
  assert.is(escapeHtml('<a title="&">'), '&lt;a title=&quot;&amp;&quot;>')
})
