import {
  type BrowserContext,
  type BrowserContextOptions,
  type Browser as Chromium,
  type Page,
  chromium as playwright,
} from 'playwright-core'
import { chromium } from './need.ts'
import { afterRun, type TestContext } from './unit.ts'

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-quic',
  '--no-first-run',
  // Tests open several pages, and the timers of pages in the background must not be throttled.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
]

/** A real browser with a fresh profile, and all errors and warnings of its pages. */
export interface Browser {
  readonly context: BrowserContext
  /** Console errors and warnings, uncaught errors, and responses with status 400 or higher, of every page. */
  readonly complaints: string[]
  open(url: string): Promise<Page>
}

/** One process for the whole run, because a start takes seconds and a new profile takes no time. */
let shared: Promise<Chromium> | null = null

async function startChromium(): Promise<Chromium> {
  const browser = await playwright.launch({
    executablePath: chromium.path,
    args: ARGUMENTS,
    env: { ...process.env, no_proxy: '127.0.0.1,localhost', NO_PROXY: '127.0.0.1,localhost' },
  })
  afterRun(() => browser.close())
  return browser
}

/** Opens a separate profile in the Chromium of this run, until the test ends. */
export async function openContext(t: TestContext, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  shared ??= startChromium()
  const context = await (await shared).newContext(options)
  t.after(() => context.close())
  return context
}

/** Opens a Chromium with a separate profile, until the test ends. */
export async function launchChromium(t: TestContext, options: BrowserContextOptions = {}): Promise<Browser> {
  const context = await openContext(t, options)
  const complaints: string[] = []
  return {
    context,
    complaints,
    async open(url) {
      const page = await context.newPage()
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${url}: ${message.text()}`)
      })
      page.on('pageerror', (error) => complaints.push(`${url}: ${error.message}`))
      page.on('response', (response) => {
        if (response.status() >= 400) complaints.push(`${response.url()}: ${response.status()}`)
      })
      await page.goto(url)
      return page
    },
  }
}
