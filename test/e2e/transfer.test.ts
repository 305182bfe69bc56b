import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { chromium, testWith } from '../support/need.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { openDemoPage } from './demo-page.ts'

const test = testWith(suite('file transfer in a browser', { timeLimit: 60_000 }), chromium)

function makeFile(t: TestContext, size: number) {
  const folder = mkdtempSync(join(tmpdir(), 'transfer-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'Fotos 1.bin')
  const bytes = Buffer.alloc(size, randomBytes(100_003))
  writeFileSync(path, bytes)
  return { path, bytes, digest: createHash('sha256').update(bytes).digest('hex') }
}

const stateIs = (page: Page, state: string): Promise<void> =>
  page.locator(`#transfer[data-transfer=${state}]`).waitFor()

const textOf = async (page: Page, id: string): Promise<string> => (await page.locator(`#${id}`).textContent()) ?? ''

const bytesOf = async (page: Page, id: string): Promise<number> =>
  Number((await textOf(page, id)).replaceAll(/[^\d]/g, ''))

test('a file is uploaded, hashed on the server, and downloaded unchanged', async (t) => {
  const { path, bytes, digest } = makeFile(t, 20_000_001)
  const { browser, page } = await openDemoPage(t, '/transfer')
  assert.ok(await page.locator('#download').isDisabled())
  await page.locator('#file').setInputFiles(path)
  await stateIs(page, 'uploaded')
  assert.equal(
    [await textOf(page, 'name'), await bytesOf(page, 'size'), await bytesOf(page, 'transferred')],
    ['Fotos 1.bin', bytes.length, bytes.length],
  )
  assert.is(await textOf(page, 'digest'), digest)
  assert.ok((await bytesOf(page, 'memory')) < 1024 * 1024)
  await page.locator('#download').click()
  await stateIs(page, 'same')
  const [saved] = await Promise.all([page.waitForEvent('download'), page.locator('#save').click()])
  assert.is(saved.suggestedFilename(), 'Fotos 1.bin')
  assert.ok(readFileSync(await saved.path()).equals(bytes))
  assert.equal(browser.complaints, [])
})

test('a download pauses and resumes where it was, also twice in a row', async (t) => {
  // More than the buffers between the server and the page hold.
  const { path, bytes } = makeFile(t, 40_000_000)
  const { browser, page } = await openDemoPage(t, '/transfer')
  await page.locator('#file').setInputFiles(path)
  await stateIs(page, 'uploaded')
  /** Clicks as soon as the page has received the first bytes. */
  await page.evaluate(`new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      if (document.getElementById('pause').disabled) return
      observer.disconnect()
      document.getElementById('pause').click()
      resolve()
    })
    observer.observe(document.getElementById('transferred'), { childList: true })
    document.getElementById('download').click()
  })`)
  await stateIs(page, 'paused')
  const before = await bytesOf(page, 'transferred')
  assert.ok(before < bytes.length, `${before} bytes before the pause`)
  // Without a pause, because pieces of the first part may still be on their way.
  await page.evaluate(`for (let i = 0; i < 3; i++) document.getElementById('pause').click()`)
  await stateIs(page, 'same')
  assert.is(await bytesOf(page, 'transferred'), bytes.length)
  assert.equal(browser.complaints, [])
})

test('a file that is dropped on the page is uploaded, even an empty one', async (t) => {
  const { browser, page } = await openDemoPage(t, '/transfer')
  for (const [content, digest] of [
    ['dropped', createHash('sha256').update('dropped').digest('hex')],
    ['', createHash('sha256').digest('hex')],
  ]) {
    const data = await page.evaluateHandle(`(() => {
      const data = new DataTransfer()
      data.items.add(new File([${JSON.stringify(content)}], 'drop.txt'))
      return data
    })()`)
    await page.locator('#transfer').dispatchEvent('dragover', { dataTransfer: data })
    assert.ok(await page.locator('#transfer.over').isVisible())
    await page.locator('#transfer').dispatchEvent('drop', { dataTransfer: data })
    await page.locator('#digest').getByText(digest, { exact: true }).waitFor()
    await page.locator('#download').click()
    await stateIs(page, 'same')
  }
  assert.equal(browser.complaints, [])
})

test('the place to drop a file fits a phone', async (t) => {
  const { page } = await openDemoPage(t, '/transfer')
  await page.setViewportSize({ width: 360, height: 800 })
  const [panel, drop] = await Promise.all(['#transfer', '.drop'].map((one) => page.locator(one).boundingBox()))
  assert.ok(drop!.x + drop!.width < panel!.x + panel!.width, `${drop!.width} of ${panel!.width}`)
})

test('a page that loses its server says that the file is gone', async (t) => {
  const { path } = makeFile(t, 1000)
  const { server, page } = await openDemoPage(t, '/transfer')
  await page.locator('#file').setInputFiles(path)
  await stateIs(page, 'uploaded')
  await server.stop()
  await page.locator('#state[data-state=lost]').waitFor()
  await stateIs(page, 'gone')
  assert.ok(await page.locator('#download').isDisabled())
})
