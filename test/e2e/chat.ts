import type { Page } from 'playwright-core'
import { type Browser, launchChromium } from '../support/chromium.ts'
import { type RunningCommand, startCommand } from '../support/command.ts'
import { reservePort } from '../support/reserved-port.ts'
import type { TestContext } from '../support/unit.ts'

/** Opens a page of the chat with a name. Each page has its own tab, and so its own key. */
export async function enter(browser: Browser, address: string, name: string, room = 'Lobby'): Promise<Page> {
  const page = await browser.open(`${address}/favicon.ico`)
  await page.evaluate((name) => (globalThis as unknown as Storages).sessionStorage.setItem('chat name', name), name)
  await page.goto(`${address}/chat?room=${encodeURIComponent(room)}`)
  await isOpen(page)
  return page
}

interface Storages {
  sessionStorage: { setItem(name: string, value: string): void }
}

export async function startChat(t: TestContext, names: string[], ...options: string[]) {
  const server = await startCommand(t, 'serve', '--port', String(await reservePort(t)), ...options)
  const browser = await launchChromium(t)
  const pages: Page[] = []
  for (const name of names) pages.push(await enter(browser, server.address, name))
  for (const page of pages) await page.locator('#people').getByText(String(names.length), { exact: true }).waitFor()
  return { server, browser, pages }
}

export const isOpen = (page: Page): Promise<void> => page.locator('#state[data-state=open]').waitFor()

export const isLost = (page: Page): Promise<void> => page.locator('#state[data-state=lost]').waitFor()

export async function say(page: Page, ...texts: string[]): Promise<void> {
  for (const text of texts) {
    await page.locator('#text').fill(text)
    await page.locator('#composer button.main').click()
  }
}

/** Waits until `page` shows `text` as arrived. */
export const shows = (page: Page, text: string): Promise<void> =>
  page.locator('.message:not(.waiting)', { hasText: text }).first().waitFor()

/** Resolves to the texts in the log, without names and times. */
export const textsOf = (page: Page): Promise<string[]> =>
  page.locator('#log > *').evaluateAll((entries) =>
    entries.map((entry) =>
      [...entry.childNodes]
        .filter(({ nodeType }) => nodeType === 3)
        .map((node) => node.textContent)
        .join(''),
    ),
  )

export const GAP = 'The server has lost its history: messages may be missing here.'

/** Kills a server and starts another one on the same port. */
export async function replace(
  t: TestContext,
  server: RunningCommand,
  meanwhile: () => Promise<void>,
): Promise<RunningCommand> {
  await server.stop('SIGKILL')
  await meanwhile()
  return startCommand(t, 'serve', '--port', new URL(server.address).port)
}

/** Runs in the page. Submits the form for each text, with short pauses. */
export async function sayAll(texts: string[]): Promise<void> {
  // biome-ignore lint/suspicious/noExplicitAny: the tests have no DOM types
  const { document } = globalThis as any
  for (const text of texts) {
    document.getElementById('text').value = text
    document.getElementById('composer').requestSubmit()
    // A pause, as of somebody who types.
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
