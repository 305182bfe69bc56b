import type { Page } from 'playwright-core'
import { startCommand } from '../support/command.ts'
import { chromium, testWith } from '../support/need.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { openWs } from '../support/ws-client.ts'
import { openDemoPage } from './demo-page.ts'

const test = testWith(suite('job demo', { timeLimit: 60_000 }), chromium)

/** The number of primes below 3,000,000, from a table. */
const PRIMES = '216,816'

const start = (page: Page): Promise<void> => page.locator('#start').click()

const isIn = (page: Page, state: string): Promise<void> => page.locator(`#job[data-job=${state}]`).waitFor()

const percentOf = (page: Page): Promise<number> =>
  page.locator('#bar').evaluate((bar) => (bar as unknown as { value: number }).value)

/** Waits until the job has made progress. */
const moves = (page: Page): Promise<void> => page.locator('#bar:not([value="0"])').waitFor()

/** Waits, on a separate connection, until the job of the page has passed `percent`. */
async function jobPasses(t: TestContext, address: string, page: Page, percent: number): Promise<void> {
  const key = await page.evaluate("sessionStorage.getItem('job key')")
  const client = await openWs(`${address.replace('http', 'ws')}/job?job=${key}`)
  t.after(() => client.socket.terminate())
  for (;;) {
    const message = await client.next()
    if (message === null) throw new Error('the server closed')
    const { data } = JSON.parse(String(message))
    if (data !== undefined && JSON.parse(data).percent > percent) return
  }
}

async function finds(page: Page): Promise<void> {
  await isIn(page, 'done')
  assert.is(await page.locator('#found').textContent(), PRIMES)
}

test('a job shows its progress, and its result when it is done', async (t) => {
  const { browser, page } = await openDemoPage(t, '/job')
  await isIn(page, 'none')
  await start(page)
  await moves(page)
  assert.ok((await percentOf(page)) < 100)
  assert.match(await page.title(), /^\d+ %/)
  await finds(page)
  assert.match(await page.title(), /^✓ Done/)
  assert.equal(browser.complaints, [])
})

test('a job continues while the network of its page is interrupted, and the page then shows that it is done', async (t) => {
  const { server, browser, page } = await openDemoPage(t, '/job')
  await start(page)
  await moves(page)
  await browser.context.setOffline(true)
  await page.locator('#state[data-state=lost]').waitFor()
  const percent = await percentOf(page)
  await jobPasses(t, server.address, page, percent + 5)
  assert.is(await percentOf(page), percent)
  await browser.context.setOffline(false)
  await finds(page)
})

test('a reloaded page finds its job again, also when it is done', async (t) => {
  const { browser, page } = await openDemoPage(t, '/job')
  await start(page)
  await moves(page)
  await page.reload()
  await moves(page)
  await finds(page)
  await page.reload()
  await finds(page)
  assert.equal(browser.complaints, [])
})

test('a job that ended with its server is shown as gone, and another can be started', async (t) => {
  const { server, page } = await openDemoPage(t, '/job')
  await start(page)
  await moves(page)
  await server.stop('SIGKILL')
  await page.locator('#state[data-state=lost]').waitFor()
  await startCommand(t, 'serve', '--port', new URL(server.address).port)
  await isIn(page, 'gone')
  await start(page)
  await finds(page)
})
