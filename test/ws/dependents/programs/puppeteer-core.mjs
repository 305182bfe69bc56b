import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import puppeteer from 'puppeteer-core'
import { expect } from './support.mjs'

const userDataDir = mkdtempSync(join(tmpdir(), 'puppeteer-'))
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  userDataDir,
})
try {
  const page = await browser.newPage()
  await page.setContent('<h1>by the drop-in</h1>')
  expect((await page.$eval('h1', (title) => title.textContent)) === 'by the drop-in', 'puppeteer-core reads a page')
  const picture = await page.screenshot()
  expect(picture.length > 1000, 'puppeteer-core takes a picture')
} finally {
  await browser.close()
  rmSync(userDataDir, { recursive: true, force: true })
}
