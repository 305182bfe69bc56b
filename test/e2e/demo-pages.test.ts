import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { findAxeViolations } from '../support/axe.ts'
import { openContext } from '../support/chromium.ts'
import { startCommand } from '../support/command.ts'
import { chromium, testWith } from '../support/need.ts'
import { reservePort } from '../support/reserved-port.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

const test = testWith(suite('pages of the demo site', { timeLimit: 120_000 }), chromium)

async function startSite(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'demo-pages-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'app.log')
  writeFileSync(path, 'first\nsecond\n')
  const server = await startCommand(t, 'serve', '--port', String(await reservePort(t)), '--tail', path)
  const open = async (options: BrowserContextOptions, at = '/'): Promise<Page> => {
    const context = await openContext(t, { reducedMotion: 'reduce', ...options })
    const page = await context.newPage()
    await page.goto(server.address + at)
    return page
  }
  return { ...server, path, open }
}

/** Resolves to the paths of all pages, from the links of the first page. */
const pathsOf = (page: Page): Promise<string[]> =>
  page.locator('.card a').evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''))

/** Leaves the first token of each kind in each source file. The others look the same, and axe would check each one. */
const thinSources = (page: Page): Promise<void> =>
  page.evaluate(`for (const code of document.querySelectorAll('.file code')) {
    const kinds = new Set()
    for (const token of code.querySelectorAll('span')) {
      if (kinds.has(token.className)) token.replaceWith(token.textContent)
      else kinds.add(token.className)
    }
    code.normalize()
  }`)

const isOpen = (page: Page): Promise<void> => page.locator('#state[data-state=open]').waitFor()

for (const { language, looks } of [
  {
    language: 'en',
    looks: [
      { colorScheme: 'light', width: 1280 },
      { colorScheme: 'dark', width: 1280 },
    ],
  },
  {
    language: 'zh-CN',
    looks: [
      { colorScheme: 'dark', width: 390 },
      { colorScheme: 'light', width: 1280 },
    ],
  },
] as const) {
  test(`every page passes axe, ${language}, in each color scheme, and fits`, async (t) => {
    const { address, open } = await startSite(t)
    const page = await open({ locale: language })
    for (const path of ['/', ...(await pathsOf(page))]) {
      await page.goto(address + path)
      if (path !== '/') await isOpen(page)
      assert.is(await page.locator('html').getAttribute('lang'), language)
      await thinSources(page)
      for (const { colorScheme, width } of looks) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize({ width, height: 900 })
        assert.equal(await findAxeViolations(page), [], `${path}, ${colorScheme}, ${width} pixels wide`)
        const excess = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
        assert.ok(excess <= 0, `${path} is ${excess} pixels too wide, of ${width}`)
      }
    }
  })
}

test('the cards fill every row, at every width', async (t) => {
  const { open } = await startSite(t)
  for (const width of [390, 800, 1280]) {
    const page = await open({ viewport: { width, height: 900 } })
    const boxes = await page.locator('.card').evaluateAll((cards) =>
      cards.map((card) => {
        const { top, left, right } = card.getBoundingClientRect()
        return { top, left, right }
      }),
    )
    const spans = [...new Set(boxes.map(({ top }) => top))].map((top) => {
      const row = boxes.filter((box) => box.top === top)
      return `${Math.round(row[0].left)}-${Math.round(row.at(-1)!.right)}`
    })
    assert.is(new Set(spans).size, 1, `${width}: ${spans}`)
  }
})

test('the source panel uses the width of the page, and its button copies a file', async (t) => {
  const { address, open } = await startSite(t)
  const page = await open({ viewport: { width: 1280, height: 900 } }, '/echo')
  await isOpen(page)
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: address })
  const [main, source] = await Promise.all(['main', '.source'].map((one) => page.locator(one).boundingBox()))
  assert.ok(source!.width > main!.width - 100, `${source!.width} of ${main!.width}`)
  assert.ok((await page.locator('.file .keyword').count()) > 10)
  await page.locator('[data-copy]').first().click()
  await page.getByText('Copied').waitFor()
  const copied = await page.evaluate<string>('navigator.clipboard.readText()')
  assert.match(copied, 'export function echo(')
})

test('push continues by itself when its server is back', async (t) => {
  const { address, stop, open } = await startSite(t)
  const page = await open({}, '/push')
  await isOpen(page)
  await stop()
  await page.locator('#state[data-state=lost]').waitFor()
  const received = Number(await page.locator('#received').textContent())
  await startCommand(t, 'serve', '--port', new URL(address).port)
  await isOpen(page)
  // A function, because a string is evaluated at each check, and the policy of the site forbids that from the second
  // time on.
  const figure = await page.locator('#received').elementHandle()
  await page.waitForFunction(({ figure, received }) => Number(figure?.textContent) > received, { figure, received })
  assert.ok(await page.locator('#alert').isHidden())
})

test('the figures of the tail page agree with the file, also after a new connection', async (t) => {
  const { address, path, stop, open } = await startSite(t)
  const page = await open({}, '/tail')
  await isOpen(page)
  for (const id of ['size', 'read']) await page.locator(`#${id}`).getByText('13 bytes', { exact: true }).waitFor()
  await page.locator('#received').getByText('2', { exact: true }).waitFor()
  await stop()
  await page.locator('#state[data-state=lost]').waitFor()
  appendFileSync(path, 'third\n')
  await startCommand(t, 'serve', '--port', new URL(address).port, '--tail', path)
  // The page shows the end of the file again.
  await page.locator('#log').getByText('third', { exact: true }).waitFor()
  assert.is(await page.locator('#received').textContent(), '3')
  for (const id of ['size', 'read']) assert.is(await page.locator(`#${id}`).textContent(), '19 bytes')
})
