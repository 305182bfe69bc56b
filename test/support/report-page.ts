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
  /** The console messages of the page, and uncaught errors. */
  complaints: string[]
  /** Every address that the page has requested. */
  requests: string[]
}

interface PageOptions {
  hash?: string
  width?: number
  dark?: boolean
}

/** Opens HTML as a file in a real Chromium until the test ends. The test fails when the page has reported errors. */
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

/** Resolves to the text as a reader sees it, with each block on a separate line. */
export function visibleText(locator: Locator): Promise<string> {
  return locator.innerText()
}
