import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { launchChromium } from '../support/chromium.ts'
import { startCommand } from '../support/command.ts'
import { chromium, testWith } from '../support/need.ts'
import { reservePort } from '../support/reserved-port.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

const test = testWith(suite('file tail in a browser', { timeLimit: 60_000 }), chromium)

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tail-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

async function startTail(t: TestContext, ...paths: string[]) {
  const server = await startCommand(
    t,
    'serve',
    '--port',
    String(await reservePort(t)),
    ...paths.flatMap((path) => ['--tail', path]),
  )
  const browser = await launchChromium(t)
  const open = async (path = '/tail'): Promise<Page> => {
    const page = await browser.open(server.address + path)
    await isOpen(page)
    return page
  }
  return { server, browser, open }
}

const isOpen = (page: Page): Promise<void> => page.locator('#state[data-state=open]').waitFor()

const shows = (page: Page, text: string): Promise<void> =>
  page.locator('#log > *').getByText(text, { exact: true }).first().waitFor()

const linesOf = (page: Page): Promise<string[]> => page.locator('#log > *').allTextContents()

const factIs = (page: Page, id: string, value: string): Promise<void> =>
  page.locator(`#${id}`).getByText(value, { exact: true }).waitFor()

test('a page follows a file through growth, rotation and truncation, and shows each line once', async (t) => {
  const path = join(makeFolder(t), 'app.log')
  writeFileSync(path, 'first\n<b>second</b>\n')
  const { browser, open } = await startTail(t, path)
  const page = await open()
  await shows(page, '<b>second</b>')
  appendFileSync(path, 'Grüße 👋\nnot end')
  await page.locator('#rest').getByText('not end').waitFor()
  appendFileSync(path, 'ed\n')
  await shows(page, 'not ended')
  renameSync(path, `${path}.1`)
  appendFileSync(`${path}.1`, 'last of the old\n')
  writeFileSync(path, 'first of the new\n')
  await shows(page, 'first of the new')
  truncateSync(path)
  await page.locator('.line.event', { hasText: 'truncated' }).waitFor()
  appendFileSync(path, 'anew\n')
  await shows(page, 'anew')
  rmSync(path)
  await factIs(page, 'condition', 'missing')
  writeFileSync(path, 'back\n')
  await shows(page, 'back')
  assert.equal(await linesOf(page), [
    'first',
    '<b>second</b>',
    'Grüße 👋',
    'not ended',
    'last of the old',
    'rotated: a new file has replaced it',
    'first of the new',
    'truncated: reading from the start',
    'anew',
    'missing: waiting for the file',
    'the file exists again',
    'back',
  ])
  assert.equal(browser.complaints, [])
})

test('a large file is followed from its end and is not read whole', async (t) => {
  const path = join(makeFolder(t), 'large.log')
  writeFileSync(path, Array.from({ length: 200_000 }, (_, number) => `line ${number}\n`).join(''))
  const { browser, open } = await startTail(t, path)
  const page = await open()
  await shows(page, 'line 199999')
  await factIs(page, 'size', '2,288,890 bytes')
  const readBytes = async (page: Page): Promise<number> =>
    Number(((await page.locator('#read').textContent()) ?? '').replaceAll(/[^\d]/g, ''))
  assert.ok((await readBytes(page)) <= 64 * 1024 + 128)
  // The first lines that a page receives are the newest ones.
  const second = await open()
  await shows(second, 'line 199999')
  assert.is((await linesOf(second)).length, 200)
  assert.ok((await readBytes(second)) <= 64 * 1024 + 128)
  assert.equal(browser.complaints, [])
})

test('several files have a page each, linked to the others', async (t) => {
  const folder = makeFolder(t)
  const [one, two] = [join(folder, 'one.log'), join(folder, 'two.log')]
  writeFileSync(one, 'in one\n')
  writeFileSync(two, '')
  const { browser, open } = await startTail(t, one, two)
  const page = await open()
  await shows(page, 'in one')
  await page.getByRole('link', { name: 'two.log' }).click()
  await isOpen(page)
  await factIs(page, 'file', 'two.log')
  await page.locator('#nothing').getByText('The file is empty.').waitFor()
  appendFileSync(two, 'in two\n')
  await shows(page, 'in two')
  assert.equal(await linesOf(page), ['in two'])
  assert.equal(browser.complaints, [])
})

test('a reader who scrolled up stays there, and returns by a button', async (t) => {
  const path = join(makeFolder(t), 'app.log')
  writeFileSync(path, Array.from({ length: 150 }, (_, number) => `line ${number}\n`).join(''))
  const { browser, open } = await startTail(t, path)
  const page = await open()
  await shows(page, 'line 149')
  const scrollTo = (top: number): Promise<unknown> =>
    page.locator('#lines').evaluate((lines, top) => Object.assign(lines, { scrollTop: top }).scrollTop, top)
  await scrollTo(0)
  await page.locator('#to-end').waitFor()
  appendFileSync(path, 'new\n')
  await shows(page, 'new')
  const isInView = async (text: string): Promise<boolean> => {
    const line = await page.locator('.line').getByText(text, { exact: true }).boundingBox()
    const lines = await page.locator('#lines').boundingBox()
    return line !== null && lines !== null && line.y >= lines.y && line.y + line.height <= lines.y + lines.height
  }
  assert.equal([await isInView('line 0'), await isInView('new')], [true, false])
  await page.locator('#to-end').click()
  await page.locator('#to-end').waitFor({ state: 'hidden' })
  assert.is(await isInView('new'), true)
  appendFileSync(path, 'newer\n')
  await shows(page, 'newer')
  assert.is(await isInView('newer'), true)
  assert.equal(browser.complaints, [])
})

test('without a file the page explains how to name one', async (t) => {
  const { browser, open } = await startTail(t)
  const page = await open()
  await page.locator('#nothing').getByText('No file to follow: start the server with --tail FILE.').waitFor()
  assert.equal(browser.complaints, [])
})

test('a page reconnects after the server was killed and restarted', async (t) => {
  const path = join(makeFolder(t), 'app.log')
  writeFileSync(path, 'before\n')
  const { server, open } = await startTail(t, path)
  const page = await open()
  await shows(page, 'before')
  await server.stop('SIGKILL')
  await page.locator('#state[data-state=lost]').waitFor()
  appendFileSync(path, 'meanwhile\n')
  await startCommand(t, 'serve', '--port', new URL(server.address).port, '--tail', path)
  await isOpen(page)
  await shows(page, 'meanwhile')
  assert.equal(await linesOf(page), ['before', 'meanwhile'])
})
