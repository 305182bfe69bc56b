import type { Page } from 'playwright-core'
import { formats } from '../../../src/conformance/report/index.ts'
import { findAxeViolations } from '../../support/axe.ts'
import { buildCase, buildContext, buildFullRun, buildMixedRun, buildRun } from '../../support/conformance-result.ts'
import { chromium, testWith } from '../../support/need.ts'
import { openPage, visibleText } from '../../support/report-page.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/report/html', { timeLimit: 60_000 })
const inBrowser = testWith(test, chromium)

function report(runs = [buildMixedRun()]): string {
  return formats['html'](runs, buildContext())
}

function otherRun() {
  const run = buildMixedRun()
  run.target.label = 'other'
  run.cases[0].verdict = 'fail'
  run.cases.splice(3, 1)
  return run
}

/** Shows the view of a hash, which is not the current one. */
const show = (page: Page, hash: string): Promise<void> =>
  page.evaluate(`new Promise((resolve) => {
    addEventListener('hashchange', () => resolve(), { once: true })
    location.hash = ${JSON.stringify(hash)}
  })`)

test('stays under 2 MiB for the whole catalogue', () => {
  const size = Buffer.byteLength(report([buildFullRun()]))
  assert.ok(size < 2 * 1024 * 1024, `${size} bytes`)
})

inBrowser('holds its data in script elements that no text of a target can end', () => {
  const html = report()
  assert.is(html.split('</script>').length, 4)
  assert.not.match(html, /<b>&"/)
})

inBrowser('requests nothing from the network, and shows verdict, counts and profile at the top', async (t) => {
  const { page, requests, url } = await openPage(t, report())
  assert.is((await visibleText(page.locator('.target .verdict'))).toLowerCase(), 'not conforming 4 must')
  assert.match(await visibleText(page.locator('.target .counts')), /1 crashed/)
  assert.match(await visibleText(page.locator('.profile')), /close code protocol error\s+1002 ×58/)
  assert.is(await page.locator('a.group').count(), 7)
  assert.is(await page.locator('.finding').count(), 6)
  assert.equal(requests, [url])
})

inBrowser('filters cases by verdict, class, group, section and text, and stores the filters in the URL', async (t) => {
  const { page } = await openPage(t, report(), { hash: '#tab=cases' })
  const rows = () => page.locator('tr.case').evaluateAll((lines) => lines.map((line) => line.getAttribute('data-id')))
  assert.is((await rows()).length, 13)
  await page.locator('button.tag.warn').click()
  assert.equal(await rows(), ['len.long16-1'])
  await page.locator('button.tag.crash').click()
  assert.equal(await rows(), ['len.long16-1', 'frag.orphan-fin1'])
  assert.is(new URL(page.url()).hash, '#tab=cases&v=crash%2Cwarn')
  await page.locator('#reset').click()
  await page.locator('select[name=class]').selectOption('info')
  assert.equal(await rows(), ['ping.ten'])
  await page.locator('#reset').click()
  await page.locator('select[name=group]').selectOption('hs')
  assert.equal(await rows(), ['hs.ok.minimal', 'hs.ver.v14', 'hs.ver.v0'])
  await page.locator('#reset').click()
  await page.locator('select[name=section]').selectOption('6455/4.4')
  assert.equal(await rows(), ['hs.ver.v14', 'hs.ver.v0'])
  await page.locator('#search').pressSequentially('version 14')
  assert.equal(await rows(), ['hs.ver.v14'])
  assert.is(new URL(page.url()).hash, '#tab=cases&section=6455%2F4.4&q=version+14')
  assert.is(await visibleText(page.locator('.showing')), '1 of 13 cases')
})

inBrowser('restores the whole view from the URL', async (t) => {
  const hash = '#tab=cases&v=fail&group=frag&q=markup&case=frag.markup'
  const { page } = await openPage(t, report(), { hash })
  assert.is(await page.locator('tr.case').count(), 1)
  assert.is(await page.locator('button.tag.fail').getAttribute('aria-pressed'), 'true')
  assert.is(await page.locator('select[name=group]').inputValue(), 'frag')
  assert.is(await page.locator('#search').inputValue(), 'markup')
  assert.is(await visibleText(page.locator('#panel code').first()), 'frag.markup')
})

inBrowser('opens a case: rule with its section, sent, expected, received, command', async (t) => {
  const { page } = await openPage(t, report(), { hash: '#tab=cases' })
  await page.locator('tr.case[data-id="hs.ver.v14"]').click()
  const panel = page.locator('#panel')
  assert.match(new URL(page.url()).hash, /case=hs\.ver\.v14/)
  const text = await visibleText(panel)
  assert.match(text, /For a version it does not speak/)
  assert.match(text, /sent\s+81 85 k Hello/)
  assert.match(text, /received\s+field missing/)
  assert.match(text, /Close 1000, started by the client; TCP ended by FIN/)
  const link = await panel.locator('.rules a').getAttribute('href')
  assert.is(link, 'https://www.rfc-editor.org/rfc/rfc6455.html#section-4.4')
  assert.match(await visibleText(panel.locator('.command code')), /^dwebsocket conform .* -c hs\.ver\.v14 --trace/)
  await panel.locator('.command button').click()
  await panel.locator('.command button', { hasText: /Copied|Selected/ }).waitFor()
})

inBrowser('decodes the frames and colours the parts of their bytes', async (t) => {
  const { page } = await openPage(t, report(), { hash: '#case=len.text-0' })
  const row = page.locator('table.wire tbody tr').nth(3)
  assert.is((await visibleText(row.locator('.frame'))).replace(/\s+/g, ' '), 'text FIN masked 5 bytes "Hello"')
  assert.is(await visibleText(row.locator('.hex .h0')), '81')
  assert.is(await visibleText(row.locator('.hex .h1')), '85')
  assert.is(await visibleText(row.locator('.hex .key')), '37 fa 21 3d')
  assert.is(await visibleText(row.locator('.hex .data')), '7f 9f 4d 51 58')
  const close = page.locator('table.wire tbody tr').nth(7)
  assert.is((await visibleText(close.locator('.frame'))).replace(/\s+/g, ' '), 'close FIN 2 bytes 1000')
  assert.match(await visibleText(page.locator('table.wire tbody tr').nth(5)), /\+ 22 bytes/)
})

inBrowser('walks through the filtered cases by key and closes by Escape and Back', async (t) => {
  const { page } = await openPage(t, report(), { hash: '#tab=cases&group=len' })
  const opened = () => visibleText(page.locator('#panel .names code').first())
  await page.keyboard.press('j')
  assert.is(await opened(), 'len.long16-1')
  await page.keyboard.press('j')
  assert.is(await opened(), 'len.text-0')
  await page.keyboard.press('k')
  assert.is(await opened(), 'len.long16-1')
  await page.keyboard.press('Escape')
  assert.is(await page.locator('#panel').isVisible(), false)
  await page.goBack()
  assert.is(await opened(), 'len.long16-1')
  await page.keyboard.press('Escape')
  await page.keyboard.press('/')
  assert.is(await page.evaluate('document.activeElement.id'), 'search')
})

inBrowser('says in the table what was received instead of the expected', async (t) => {
  const { page } = await openPage(t, report(), { hash: '#tab=cases&v=fail,info' })
  const remark = (id: string) => visibleText(page.locator(`tr.case[data-id="${id}"] .remark`))
  assert.is(await remark('hs.ver.v14'), 'field missing')
  assert.is(await remark('ping.ten'), '10 pongs')
})

inBrowser('shows text of the target as text', async (t) => {
  const { page } = await openPage(t, report(), { hash: '#tab=cases&case=frag.markup' })
  assert.match(await visibleText(page.locator('#panel dd.received')), /<\/script><b>&"'`\|/)
  assert.is(await page.locator('#panel dd.received b').count(), 0)
})

inBrowser(
  'shows a rule with passed cases and a noted one as passed, one with noted cases alone as noted',
  async (t) => {
    const noted = { class: 'info', verdict: 'info' } as const
    const passed = [buildCase('ping.a'), buildCase('ping.b', noted)]
    const alone = buildCase('ping.c', { ...noted, requirements: ['6455-5.2-3'] })
    const { page } = await openPage(t, report([buildRun([...passed, alone])]), { hash: '#tab=coverage' })
    const tagOf = (rule: string): Promise<string> => visibleText(page.locator(`[data-rule="${rule}"] .tag`))
    assert.match(await tagOf('6455-5.4-5'), /pass/i)
    assert.match(await tagOf('6455-5.2-3'), /info|noted/i)
  },
)

inBrowser('lists every requirement with the cases that name it', async (t) => {
  const { page } = await openPage(t, report(), { hash: '#tab=coverage' })
  const rule = (id: string) => page.locator(`[data-rule="${id}"]`)
  assert.is(await page.locator('.rule-row').count(), 5)
  assert.is(await rule('6455-4.4-1').locator('.square').count(), 2)
  assert.match(await visibleText(rule('6455-4.4-1')), /2 fail/)
  assert.match(await visibleText(rule('6455-10.3-9')), /cannot be observed from outside/)
  assert.match(await visibleText(rule('6455-5.2-3')), /no case of this run checks it/)
  await page.getByRole('button', { name: 'Not exercised 1' }).click()
  assert.is(await page.locator('.rule-row').count(), 1)
  await page.getByRole('button', { name: /^Deviating/ }).click()
  await rule('6455-7.1.7-3').locator('.square').click()
  assert.is(await visibleText(page.locator('#panel .names code').first()), 'len.long16-1')
})

inBrowser('shows several targets side by side', async (t) => {
  const { page } = await openPage(t, report([buildMixedRun(), otherRun()]), { hash: '#tab=cases' })
  assert.is(await page.locator('.target').count(), 2)
  const tags = (id: string) => page.locator(`tr.case[data-id="${id}"] td.v`).allInnerTexts()
  assert.equal(await tags('hs.ok.minimal'), ['pass', 'fail'])
  assert.equal(await tags('len.long16-1'), ['warn', '–'])
  await page.locator('.differ input').check()
  assert.is(await page.locator('tr.case').count(), 2)
  await page.locator('tr.case').first().click()
  assert.is(await page.locator('#panel .result').count(), 2)
})

inBrowser('fits a phone and follows the dark scheme', async (t) => {
  const { page } = await openPage(t, report(), { width: 390, dark: true })
  for (const hash of ['#tab=cases', '#tab=coverage', '#tab=cases&case=frag.markup', '#']) {
    await show(page, hash)
    assert.is(await page.evaluate('document.documentElement.scrollWidth'), 390, hash)
  }
  assert.is(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor'), 'rgb(17, 19, 21)')
})

inBrowser('prints what is on view without its controls', async (t) => {
  const { page } = await openPage(t, report(), { hash: '#tab=cases&v=fail' })
  await page.emulateMedia({ media: 'print' })
  assert.is(await page.locator('.filters').isVisible(), false)
  assert.is(await page.locator('table.cases').isVisible(), true)
})

inBrowser('what failed is on the first screen', async (t) => {
  const { page } = await openPage(t, report())
  const box = await page.locator('.finding').first().boundingBox()
  assert.ok(box!.y + box!.height < 900, JSON.stringify(box))
})

for (const dark of [false, true]) {
  inBrowser(`every view passes axe in the ${dark ? 'dark' : 'light'} color scheme, also on a phone`, async (t) => {
    const violations: string[] = []
    const { page } = await openPage(t, report([buildMixedRun(), otherRun()]), { dark })
    for (const hash of ['#tab=cases', '#tab=cases&v=fail&case=len.long16-1', '#tab=coverage', '#']) {
      await show(page, hash)
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 900 })
        for (const line of await findAxeViolations(page)) violations.push(`${width} ${hash}: ${line}`)
      }
    }
    assert.equal(violations, [])
  })
}
