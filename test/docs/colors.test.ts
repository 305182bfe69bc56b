import { readFileSync } from 'node:fs'
import { REPORT_STYLE } from '../../bench/report/style.ts'
import { style } from '../../src/conformance/report/page/style.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('colors of the pages')

const NAMES = ['paper', 'card', 'ink', 'soft', 'line', 'accent', 'good', 'wait', 'bad']

/** Returns the first two values of each color: for the light scheme and for the dark scheme. */
function colorsOf(css: string): Record<string, string[]> {
  return Object.fromEntries(
    NAMES.map((name) => [
      name,
      [...css.matchAll(new RegExp(`--${name}: ([^;]+);`, 'g'))].map(([, value]) => value).slice(0, 2),
    ]),
  )
}

test('the demo site, the report of the tester and the benchmark have the same colors', () => {
  const site = colorsOf(readFileSync(new URL('../../src/cli/demo/assets/site.css', import.meta.url), 'utf8'))
  for (const name of NAMES) assert.is(site[name].length, 2, name)
  assert.equal(colorsOf(style), site)
  assert.equal(colorsOf(REPORT_STYLE), site)
})
