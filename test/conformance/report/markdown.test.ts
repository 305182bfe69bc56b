import { formats } from '../../../src/conformance/report/index.ts'
import { buildCase, buildContext, buildMixedRun, buildRun } from '../../support/conformance-result.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/report/markdown')

/** Returns the tables of a document as rows of cells. A `\|` is not a border. */
function readTables(text: string): string[][][] {
  return text
    .split('\n\n')
    .filter((block) => block.startsWith('|'))
    .map((block) =>
      block
        .trimEnd()
        .split('\n')
        .map((line) =>
          line
            .split(/(?<!\\)\|/)
            .slice(1, -1)
            .map((cell) => cell.trim()),
        ),
    )
}

test('has well-formed tables whatever the target answered', () => {
  const tables = readTables(formats['markdown']([buildMixedRun()], buildContext()))
  assert.is(tables.length, 4)
  for (const [head, rule, ...rows] of tables) {
    assert.ok(rule.every((cell) => /^-+:?$/.test(cell)))
    for (const row of [rule, ...rows]) assert.is(row.length, head.length, row.join())
  }
})

test('leads with the verdict and sums up every group', () => {
  const text = formats['markdown']([buildMixedRun()], buildContext())
  assert.match(text, /^## WebSocket conformance: ws 8\.18\n\n\*\*NOT CONFORMING\*\* \(4 MUST\): `ws:\/\/127/)
  const [groups] = readTables(text)
  assert.equal(groups[2], ['hs', '1/3', '2', '', '', ''])
  assert.equal(groups.at(-1), ['**all**', '2/10', '6', '2', '1', '2'])
})

test('lists failures with a link to their section, and leaves no markup of the target alive', () => {
  const text = formats['markdown']([buildMixedRun()], buildContext())
  const [, failures] = readTables(text)
  assert.equal(failures[2].slice(0, 2), ['fail', '`hs.ver.v14` `hs.ver.v0`'])
  assert.is(failures[2][3], 'MUST [RFC 6455 §4.4](https://www.rfc-editor.org/rfc/rfc6455.html#section-4.4)')
  assert.not.match(text, /<[a-z/]/i)
})

test('says no more than needed of a good target', () => {
  const text = formats['markdown']([buildRun([buildCase('len.one')])], buildContext())
  assert.match(text, /\*\*CONFORMING\*\*: /)
  assert.not.match(text, /### (Failures|Warnings|Skipped)/)
})
