import type { Round } from '../../../bench/measure/measurement.ts'
import { planRow, QUICK, type RowSketch } from '../../../bench/measure/row-plan.ts'
import { summarize } from '../../../bench/measure/summary.ts'
import { formatHtml } from '../../../bench/report/html.ts'
import type { Report } from '../../../bench/report/report.ts'
import { formatGoals, formatReport } from '../../../bench/report/text.ts'
import { findAxeViolations } from '../../support/axe.ts'
import { chromium, testWith } from '../../support/need.ts'
import { openPage } from '../../support/report-page.ts'
import { assert, suite } from '../../support/unit.ts'
import { reportOf } from '../support/report.ts'

const test = suite('bench report', { timeLimit: 60_000 })

function measured(sketch: Partial<RowSketch> & Pick<RowSketch, 'id' | 'workload'>, costs: Record<string, number>) {
  const latency = { '50': 100, '90': 200, '99': 900, '99.9': 2000, '100': 3000 }
  const rounds = new Map(
    Object.entries(costs).map(([name, cost]): [string, Round[]] => [name, [{ cost, count: 100, seconds: 1, latency }]]),
  )
  const row = planRow({ title: sketch.id, peers: Object.keys(costs), ...sketch }, QUICK)
  return summarize(row, rounds, new Map([['ws', '8.23.0']]), { notes: ['a <note>'], warnings: ['a warning'] })
}

const report: Report = {
  ...reportOf(
    measured(
      { id: 'small', workload: { scenario: 'echo', size: 16 }, goals: { ws: 2, raw: 0.9 } },
      { dwebsocket: 1, ws: 4, raw: 0.5 },
    ),
    measured({ id: 'large', workload: { scenario: 'echo', size: 1024 } }, { dwebsocket: 2, ws: 8, raw: 1 }),
    ...[100, 1000].map((connections) =>
      measured(
        { id: `idle-${connections}`, workload: { scenario: 'idle', measure: 'memory', connections } },
        { dwebsocket: 5000, ws: 8000 },
      ),
    ),
  ),
  date: '2026-01-02T03:04:05Z',
  command: "dwebsocket bench echo --exec 'my <server> {port}'",
}

test('draws size, memory, latency and cost, and names every line', () => {
  const page = formatHtml(report)
  for (const heading of ['Processor time per message by size', 'Memory per connection by count', 'Latency, small']) {
    assert.ok(page.includes(heading), heading)
  }
  assert.is(page.match(/<svg/g)!.length, 2 + 4 + 4)
  assert.is(page.match(/class="name s2"[^>]*>ws</g)!.length, 2 + 4)
  assert.match(page, /prefers-color-scheme: dark/)
  assert.not.match(page, /NaN|undefined|Infinity/)
})

test('needs nothing from elsewhere', () => {
  assert.not.match(formatHtml(report), /<script|<link|<img|@import|url\(|https?:/)
})

test('lets no text pass for markup', () => {
  const page = formatHtml(report)
  assert.not.match(page, /<server>|<note>/)
  assert.match(page, /my &#60;server&#62;/)
})

test('shows whether each target was reached, on the page and in the terminal', () => {
  assert.match(formatHtml(report), /Targets: 1 of 2 reached/)
  const text = formatGoals(report)
  assert.match(text, /small +small +ws +4× \(4–4\) +≥ 2× ok/)
  assert.match(text, /raw .* ≥ 0\.9× missed/)
  assert.match(text, /1 of 2 targets reached/)
})

test('shows each row with its unit, ratios, notes and warnings', () => {
  const text = formatReport(report)
  assert.match(text, /ws 8\.23\.0 +4 .* 4× \(4–4\)/)
  assert.match(text, /memory\/connection/)
  assert.match(text, /· a <note>/)
  assert.match(text, /! a warning/)
})

test('the headlines say how many times as much ws costs', () => {
  const page = formatHtml(report)
  assert.match(page, '<h1>ws costs 1.6 to 4 times as much as dwebsocket</h1>')
  assert.match(page, '>small: ws costs 4 times as much as dwebsocket</h2>')
  assert.match(formatHtml({ ...report, rows: [] }), '<h1>What WebSocket servers cost</h1>')
})

test('every axis is labeled', () => {
  const plots = formatHtml(report).match(/<svg.*?<\/svg>/gs)!
  for (const plot of plots)
    assert.match(plot, plot.includes('polyline') ? /class="axis".*class="axis"/s : /class="axis"/)
})

for (const dark of [false, true]) {
  testWith(test, chromium)(`passes axe and fits a phone, ${dark ? 'dark' : 'light'}`, async (t) => {
    const { page } = await openPage(t, formatHtml(report), { width: 390, dark })
    assert.equal(await findAxeViolations(page), [])
    assert.is(await page.evaluate<number>('document.documentElement.scrollWidth'), 390)
    for (const plot of await page.locator('svg').all()) {
      const { x, width } = (await plot.boundingBox())!
      assert.ok(width > 300 && x + width <= 390, `${x} + ${width}`)
    }
  })
}
