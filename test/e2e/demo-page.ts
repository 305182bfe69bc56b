import { launchChromium } from '../support/chromium.ts'
import { startCommand } from '../support/command.ts'
import { reservePort } from '../support/reserved-port.ts'
import type { TestContext } from '../support/unit.ts'

/** Starts the demo site, opens one of its pages, and waits until its socket is open. */
export async function openDemoPage(t: TestContext, path: string) {
  const server = await startCommand(t, 'serve', '--port', String(await reservePort(t)))
  const browser = await launchChromium(t)
  const page = await browser.open(server.address + path)
  await page.locator('#state[data-state=open]').waitFor()
  return { server, browser, page }
}
