import type { Page } from 'playwright-core'
import { launchChromium } from '../support/chromium.ts'
import { startCommand } from '../support/command.ts'
import { chromium, testWith } from '../support/need.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

/** The part of the page's WebSocket that the test uses. */
type BrowserSocket = new (
  url: string,
) => {
  extensions: string
  onopen: () => void
  onmessage: (event: { data: string }) => void
  send(text: string): void
}

const test = suite('demo site', { timeLimit: 60_000 })
const inBrowser = testWith(test, chromium)

async function startDemo(t: TestContext) {
  const { address } = await startCommand(t, 'serve', '--port', '0')
  const browser = await launchChromium(t)
  /** Opens a demo and waits until its WebSocket is open. */
  const open = async (path: string): Promise<Page> => {
    const page = await browser.open(address + path)
    await page.locator('#state[data-state=open]').waitFor()
    return page
  }
  return { address, browser, open }
}

async function say(page: Page, text: string): Promise<void> {
  await page.locator('#text').fill(text)
  await page.locator('#composer button.main').click()
}

/**
 * Returns a function that waits for the first alert from now on. On the page, a later attempt to connect replaces the
 * alert.
 */
async function watchAlerts(page: Page): Promise<() => Promise<string>> {
  await page.evaluate(`{
    const alert = document.getElementById('alert')
    new MutationObserver(() => (globalThis.firstAlert ??= alert.textContent || undefined)).observe(alert, { childList: true })
  }`)
  return async () => {
    // A function, because a string is evaluated at each check, and the policy of the site forbids that from the second
    // time on.
    const handle = await page.waitForFunction(() => (globalThis as { firstAlert?: string }).firstAlert)
    return (await handle.jsonValue()) as string
  }
}

const shown = (page: Page, text: string): Promise<void> => page.locator('#log > *', { hasText: text }).first().waitFor()

const factIs = (page: Page, id: string, value: string): Promise<void> =>
  page.locator(`#${id}`).getByText(value, { exact: true }).waitFor()

inBrowser('the first page links to every demo without an error', async (t) => {
  const { address, browser } = await startDemo(t)
  const page = await browser.open(`${address}/`)
  const links = await page.locator('.card a').evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''))
  const old = ['/echo', '/push', '/notice', '/notice/operator', '/broadcast']
  assert.equal(links, [...old, '/chat', '/desk', '/desk/agent', '/job', '/bullet', '/tail', '/transfer'])
  for (const link of links) {
    await page.goto(`${address}${link}`)
    await page.locator('#state[data-state=open]').waitFor()
  }
  assert.equal(browser.complaints, [])
})

inBrowser('Chromium and the server negotiate permessage-deflate and exchange compressible text', async (t) => {
  const { address, browser } = await startDemo(t)
  const page = await browser.open(`${address}/`)
  const [extensions, reply, sent] = await page.evaluate(() => {
    const { WebSocket, location } = globalThis as unknown as { WebSocket: BrowserSocket; location: { origin: string } }
    const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/echo`)
    const text = 'the same words again '.repeat(2000)
    return new Promise<[string, string, string]>((resolve) => {
      socket.onopen = () => socket.send(text)
      socket.onmessage = ({ data }) => resolve([socket.extensions, data, text])
    })
  })
  assert.match(extensions, /^permessage-deflate/)
  assert.is(reply, sent)
})

inBrowser('echo sends back text and binary and shows the state of the socket', async (t) => {
  const { browser, open } = await startDemo(t)
  const page = await open('/echo')
  await factIs(page, 'ready-state', '1 open')
  await say(page, 'Grüße 👋')
  await page.locator('.message:not(.mine)', { hasText: 'Grüße 👋' }).waitFor()
  await page.locator('#large').click()
  await page.locator('.message:not(.mine)', { hasText: 'binary, 524,288 bytes' }).waitFor()
  await factIs(page, 'sent', '2')
  await factIs(page, 'received', '2')
  await factIs(page, 'buffered-amount', '0 bytes')
  assert.equal(browser.complaints, [])
})

inBrowser('echo closes and connects again at the press of a button', async (t) => {
  const { browser, open } = await startDemo(t)
  const page = await open('/echo')
  await page.getByRole('button', { name: 'Disconnect' }).click()
  await page.locator('#state[data-state=closed]').waitFor()
  await factIs(page, 'ready-state', '3 closed')
  assert.ok(await page.locator('#composer button.main').isDisabled())
  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  await page.locator('#state[data-state=open]').waitFor()
  await say(page, 'again')
  await page.locator('.message:not(.mine)', { hasText: 'again' }).waitFor()
  assert.equal(browser.complaints, [])
})

test('the echo view answers plain HTTP with the message of the query, as text', async (t) => {
  const { address } = await startCommand(t, 'serve', '--port', '0')
  const response = await fetch(`${address}/echo?message=%3Cb%3Ehi`)
  assert.is(response.status, 200)
  assert.is(await response.text(), '<b>hi')
  assert.is(response.headers.get('content-type'), 'text/plain; charset=utf-8')
  assert.is(response.headers.get('x-content-type-options'), 'nosniff')
})

/** The part of the page that this test reads. */
interface PushPage {
  document: { getElementById(id: string): { textContent: string } }
}

inBrowser('push shows the time of the server as it arrives', async (t) => {
  const { browser, open } = await startDemo(t)
  const page = await open('/push')
  // Not exactly 3: that is shown for a second only.
  await page.waitForFunction(
    () => Number((globalThis as unknown as PushPage).document.getElementById('received').textContent) >= 3,
  )
  // Both are read at once, because the next second may begin between two reads.
  const { time, litCount } = await page.evaluate<{ time: string; litCount: number }>(`({
    time: document.querySelector('#time').textContent,
    litCount: document.querySelectorAll('#ring .lit').length,
  })`)
  assert.match(time, /^\d\d:\d\d:\d\d$/)
  // The first second of a minute turns off the marks of the last one.
  assert.ok(litCount >= (time.endsWith(':00') ? 1 : 2), `${litCount} marks at ${time}`)
  assert.equal(browser.complaints, [])
})

inBrowser('a notice of the operator appears on every page of a visitor, with its time', async (t) => {
  const { browser, open } = await startDemo(t)
  const visitors = [await open('/notice'), await open('/notice')]
  const operator = await open('/notice/operator')
  for (const page of visitors) await factIs(page, 'people', '2')
  await say(operator, 'We close in ten minutes.')
  for (const page of visitors) {
    await shown(page, 'We close in ten minutes.')
    assert.match((await page.locator('.notice small').textContent()) ?? '', /^\d\d:\d\d:\d\d$/)
  }
  await factIs(operator, 'reached', '2 visitors')
  await visitors[0].close()
  await factIs(visitors[1], 'people', '1')
  assert.equal(browser.complaints, [])
})

inBrowser('a broadcast message reaches everybody on the page, including its author', async (t) => {
  const { browser, open } = await startDemo(t)
  const [first, second] = [await open('/broadcast'), await open('/broadcast')]
  await factIs(first, 'people', '2')
  await say(first, 'Is anybody here?')
  await first.locator('.message.mine', { hasText: 'Is anybody here?' }).waitFor()
  await second.locator('.message:not(.mine)', { hasText: 'Visitor 1Is anybody here?' }).waitFor()
  await say(second, 'Yes.')
  await shown(first, 'Visitor 2Yes.')
  await second.locator('.message.mine', { hasText: 'Yes.' }).waitFor()
  assert.equal(browser.complaints, [])
})

inBrowser('a message longer than the limit of the view closes with 1009, and the page reports it', async (t) => {
  const { browser, open } = await startDemo(t)
  const page = await open('/broadcast')
  await page.locator('#text').evaluate((field) => field.removeAttribute('maxlength'))
  const nextAlert = await watchAlerts(page)
  await say(page, 'x'.repeat(8 * 1024 + 1))
  assert.match(await nextAlert(), /1009/)
  assert.equal(browser.complaints, [])
})

inBrowser('a page reports that its server goes away', async (t) => {
  const { address, stop } = await startCommand(t, 'serve', '--port', '0')
  const browser = await launchChromium(t)
  const page = await browser.open(`${address}/echo`)
  await page.locator('#state[data-state=open]').waitFor()
  const nextAlert = await watchAlerts(page)
  await stop()
  assert.match(await nextAlert(), /going away \(1001\)/)
})
