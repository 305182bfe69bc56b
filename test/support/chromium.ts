import { accessSync, constants } from 'node:fs'
import { type BrowserContext, type Browser as Chromium, chromium, type Page } from 'playwright-core'
import type { TestContext } from './unit.ts'

const CANDIDATES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-quic',
  '--no-first-run',
  // A page in the background keeps its timers: tests open several.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
]

/** The Chromium that is there: `CHROMIUM_PATH`, else the usual places; throws when there is none. */
export function findChromium(): string {
  const fromEnvironment = process.env.CHROMIUM_PATH
  const candidates = fromEnvironment === undefined ? CANDIDATES : [fromEnvironment]
  const found = candidates.find(isExecutable)
  if (found !== undefined) return found
  throw new Error(
    `no Chromium at ${candidates.join(', ')}: install it (Debian: apt-get install chromium) or set CHROMIUM_PATH`,
  )
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A real browser with a fresh profile, and everything its pages complained of. */
export interface Browser {
  readonly context: BrowserContext
  /** Console errors and warnings, uncaught errors and answers of 400 and more, of every page. */
  readonly complaints: string[]
  open(url: string): Promise<Page>
}

/** One process for the whole run: a start costs seconds, a profile nothing. */
let shared: Promise<Chromium> | null = null

function startChromium(): Promise<Chromium> {
  return chromium.launch({
    executablePath: findChromium(),
    args: ARGUMENTS,
    env: { ...process.env, no_proxy: '127.0.0.1,localhost', NO_PROXY: '127.0.0.1,localhost' },
  })
}

/** Ends the Chromium of this run, if there was one. */
export async function endChromium(): Promise<void> {
  await (await shared)?.close()
  shared = null
}

/** Opens a Chromium with a profile of its own that ends with the test. */
export async function launchChromium(t: TestContext): Promise<Browser> {
  shared ??= startChromium()
  const context = await (await shared).newContext()
  t.after(() => context.close())
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
