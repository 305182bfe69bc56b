import type { Page } from 'playwright-core'
import { launchChromium } from '../support/chromium.ts'
import { startCommand } from '../support/command.ts'
import { chromium, testWith } from '../support/need.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

const test = testWith(suite('bullet screen in a browser', { timeLimit: 60_000 }), chromium)

/** Small, because Chromium draws the picture sixty times a second without a graphics card. */
const viewport = { width: 640, height: 480 }

async function startBullets(t: TestContext, reducedMotion: 'reduce' | 'no-preference' = 'no-preference') {
  const server = await startCommand(t, 'serve', '--port', '0')
  const browser = await launchChromium(t, { viewport, reducedMotion })
  const open = async (): Promise<Page> => {
    const page = await browser.open(`${server.address}/bullet`)
    await isOpen(page)
    return page
  }
  return { server, browser, open }
}

const isOpen = (page: Page): Promise<void> => page.locator('#state[data-state=open]').waitFor()

/** Sends a comment, in another color than before if one is given. */
async function say(page: Page, text: string, color?: string): Promise<void> {
  await page.locator('#text').fill(text)
  if (color !== undefined) await page.locator(`.colors label.${color}`).click()
  await page.locator('#composer button.main').click()
}

const said = (page: Page): Promise<string[]> => page.locator('#log > *').allTextContents()

const shows = (page: Page, text: string): Promise<void> => page.locator('#log > *', { hasText: text }).first().waitFor()

/** Resolves to the position of a comment, in pixels from the left of the window. */
const leftOf = (page: Page, text: string): Promise<number> =>
  page.locator('.bullet', { hasText: text }).evaluate((element: Measured) => element.getBoundingClientRect().left)

interface Measured {
  getBoundingClientRect(): { left: number }
}

/** Moves every comment to the last moment of its flight. */
const skipFlights = (page: Page): Promise<void> =>
  page.evaluate(`for (const comment of document.querySelectorAll('.bullet')) {
    for (const flight of comment.getAnimations()) flight.currentTime = flight.effect.getComputedTiming().endTime - 1
  }`)

const drawnPicture = (page: Page): Promise<string> =>
  page.locator('#picture').evaluate((canvas: unknown) => (canvas as { toDataURL(): string }).toDataURL())

const nextFrames = (page: Page, count: number): Promise<void> =>
  page.evaluate(async (count) => {
    const { requestAnimationFrame } = globalThis as unknown as { requestAnimationFrame(callback: () => void): void }
    for (let index = 0; index < count; index++) await new Promise<void>((resolve) => requestAnimationFrame(resolve))
  }, count)

test('a comment flies over the animated picture of every viewer, in its color', async (t) => {
  const { browser, open } = await startBullets(t)
  const [writer, reader] = [await open(), await open()]
  await say(writer, 'Grüße 👋', 'pink')
  await writer.locator('.bullet.pink.own', { hasText: 'Grüße 👋' }).waitFor()
  await reader.locator('.bullet.pink:not(.own)', { hasText: 'Grüße 👋' }).waitFor()
  const left = await leftOf(reader, 'Grüße')
  const picture = await drawnPicture(reader)
  await reader.bringToFront()
  await nextFrames(reader, 5)
  assert.ok((await leftOf(reader, 'Grüße')) < left)
  assert.is.not(await drawnPicture(reader), picture)
  // After its flight the comment is gone, but is still in the list.
  await skipFlights(reader)
  await reader.locator('.bullet').waitFor({ state: 'detached' })
  assert.equal(await said(reader), ['Grüße 👋'])
  assert.equal(browser.complaints, [])
})

test('comments that fly at the same time never touch', async (t) => {
  const { browser, open } = await startBullets(t)
  const page = await open()
  for (const text of ['one', 'a rather long comment that takes its time', 'three', 'four', 'five', 'six'])
    await say(page, text)
  await shows(page, 'six')
  const boxes = await page
    .locator('.bullet')
    .evaluateAll((all) =>
      all.map((element) =>
        (element as unknown as { getBoundingClientRect(): { toJSON(): DOMBox } }).getBoundingClientRect().toJSON(),
      ),
    )
  assert.ok(boxes.length >= 5, `${boxes.length} fly`)
  for (const one of boxes) {
    for (const other of boxes) {
      if (one === other || one.right <= other.left || other.right <= one.left) continue
      assert.ok(one.bottom <= other.top || other.bottom <= one.top, JSON.stringify([one, other]))
    }
  }
  assert.equal(browser.complaints, [])
})

interface DOMBox {
  left: number
  right: number
  top: number
  bottom: number
}

test('a button pauses and resumes picture and comments', async (t) => {
  const { browser, open } = await startBullets(t)
  const page = await open()
  await say(page, 'stop')
  await page.locator('.bullet').waitFor()
  await page.getByRole('button', { name: 'Pause' }).click()
  await nextFrames(page, 2)
  const [left, picture] = [await leftOf(page, 'stop'), await drawnPicture(page)]
  await say(page, 'said meanwhile')
  await shows(page, 'said meanwhile')
  await nextFrames(page, 5)
  assert.equal([await leftOf(page, 'stop'), (await drawnPicture(page)) === picture], [left, true])
  assert.is(await page.locator('.bullet').count(), 1)
  await page.getByRole('button', { name: 'Play' }).click()
  await page.locator('.bullet', { hasText: 'said meanwhile' }).waitFor()
  assert.equal(browser.complaints, [])
})

test('with reduced motion the picture is still, and comments appear and disappear', async (t) => {
  const { browser, open } = await startBullets(t)
  const page = await open()
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.locator('#still').waitFor()
  assert.is(await page.locator('#pause').isVisible(), false)
  await nextFrames(page, 2)
  const picture = await drawnPicture(page)
  await say(page, 'quiet')
  await page.locator('.bullet', { hasText: 'quiet' }).waitFor()
  const left = await leftOf(page, 'quiet')
  await nextFrames(page, 10)
  assert.equal([await leftOf(page, 'quiet'), (await drawnPicture(page)) === picture], [left, true])
  await skipFlights(page)
  await page.locator('.bullet').waitFor({ state: 'detached' })
  assert.equal(await said(page), ['quiet'])
  assert.equal(browser.complaints, [])
})

test('a page whose network was interrupted gets the messages sent meanwhile, once and in order', async (t) => {
  const { browser, open } = await startBullets(t, 'reduce')
  const [writer, reader] = [await open(), await open()]
  await say(writer, 'before')
  await shows(reader, 'before')
  // Only this page goes offline. The other page stays connected.
  const devtools = await browser.context.newCDPSession(reader)
  const setOffline = (offline: boolean) =>
    devtools.send('Network.emulateNetworkConditions', {
      offline,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: -1,
    })
  await devtools.send('Network.enable')
  await setOffline(true)
  await reader.locator('#state[data-state=lost]').waitFor()
  await say(writer, 'meanwhile')
  await shows(writer, 'meanwhile')
  await setOffline(false)
  await isOpen(reader)
  await say(writer, 'after')
  await shows(reader, 'after')
  assert.equal(await said(reader), ['before', 'meanwhile', 'after'])
})
