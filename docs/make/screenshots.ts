import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

/* npm run docs:screenshots: makes the pictures of the demo site, with the Chromium at CHROMIUM_PATH. */

const root = new URL('../../', import.meta.url)
const site = spawn(process.execPath, ['dist/cli/main.js', 'serve', '--port', '0'], {
  cwd: fileURLToPath(root),
  stdio: ['ignore', 'pipe', 'inherit'],
})
const [line] = await once(createInterface(site.stdout), 'line')
const address = String(line).replace('listening ', '')
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})
try {
  const context = await browser.newContext({ viewport: { width: 960, height: 600 }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.goto(`${address}/`)
  await page.screenshot({ path: fileURLToPath(new URL('docs/images/demos.png', root)) })
} finally {
  await browser.close()
  site.kill('SIGTERM')
}
