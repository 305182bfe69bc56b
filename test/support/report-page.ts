import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Locator, Page } from 'playwright-core'
import { openContext } from './chromium.ts'
import { assert, type TestContext } from './unit.ts'

export interface OpenedPage {
  page: Page
  url: string
  /** What the page said in its console, and errors nobody caught. */
  complaints: string[]
  /** Every address the page asked for. */
  requests: string[]
}

interface PageOptions {
  hash?: string
  width?: number
  dark?: boolean
}

/** Opens an HTML text as a file in a real Chromium; closed with the test, which fails when the page complained. */
export async function openPage(t: TestContext, html: string, options: PageOptions = {}): Promise<OpenedPage> {
  const complaints: string[] = []
  const requests: string[] = []
  t.after(() => assert.equal(complaints, [], 'the page complained'))
  const folder = mkdtempSync(join(tmpdir(), 'report-page-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'report.html'), html)
  const context = await openContext(t, {
    viewport: { width: options.width ?? 1280, height: 900 },
    colorScheme: options.dark ? 'dark' : 'light',
  })
  const page = await context.newPage()
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('request', (request) => requests.push(request.url()))
  const url = pathToFileURL(join(folder, 'report.html')).href
  await page.goto(`${url}${options.hash ?? ''}`)
  return { page, url, complaints, requests }
}

/** Text as a reader sees it: blocks on lines of their own. */
export function visibleText(locator: Locator): Promise<string> {
  return locator.innerText()
}
