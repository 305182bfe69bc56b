import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const OPTIONS = JSON.stringify({
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  // Without the details of each element that passes.
  resultTypes: ['violations'],
})

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

/** Returns the violations of WCAG 2.2 A and AA that axe finds on a page, one line per element. */
export async function findAxeViolations(page: Page): Promise<string[]> {
  // A script element would not work, because the pages allow scripts from their own site only.
  if (await page.evaluate("typeof axe === 'undefined'")) await page.evaluate(source)
  const violations = await page.evaluate<Violation[]>(`axe.run(${OPTIONS}).then(({ violations }) => violations)`)
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 120)}: ${failureSummary.replace(/\s+/g, ' ')}`),
  )
}
