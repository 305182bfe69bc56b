import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Browser, chromium } from 'playwright-core'

/*
 * npm run docs:screenshots [-- NAME…]: makes the pictures of the demo site, of a report of the tester and of a report of
 * the benchmark, or only those that are named, with the Chromium at CHROMIUM_PATH. The benchmark compares with npm ws for
 * a minute and needs a machine that does nothing else.
 */

const root = new URL('../../', import.meta.url)
const cwd = fileURLToPath(root)
const names = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'screenshots-'))

/** Runs a command of this package to its end; `conform` exits with 1 when it finds a fault. */
function run(...args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['dist/cli/main.js', ...args], { cwd }, (error, _stdout, stderr) => {
      if (error === null || error.code === 1) resolve()
      else reject(new Error(`${args.join(' ')} failed: ${stderr}`, { cause: error }))
    })
  })
}

/** Takes a picture of the first screen of a page. */
async function takePicture(browser: Browser, url: string, name: string, width = 960, height = 600): Promise<void> {
  const context = await browser.newContext({ viewport: { width, height }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.goto(url)
  await page.screenshot({ path: fileURLToPath(new URL(`docs/images/${name}.png`, root)) })
  await context.close()
}

async function takeDemos(browser: Browser): Promise<void> {
  const site = spawn(process.execPath, ['dist/cli/main.js', 'serve', '--port', '0'], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [line] = await once(createInterface(site.stdout), 'line')
    await takePicture(browser, `${String(line).replace('listening ', '')}/`, 'demos')
  } finally {
    site.kill('SIGTERM')
  }
}

/** The report about a server of the tests with one known defect. */
async function takeConformReport(browser: Browser): Promise<void> {
  const path = join(folder, 'conform.html')
  const server = 'node --import tsx test/conformance/broken/main.ts --port {port} --defect ignores-rsv'
  await run('conform', '--exec', server, '--label', 'a server with one fault', '-c', 'quick,rsv', '-o', `html:${path}`)
  await takePicture(browser, pathToFileURL(path).href, 'conform-report')
}

async function takeBenchReport(browser: Browser): Promise<void> {
  const path = join(folder, 'bench.html')
  const load = ['--depth', '64', '--size', '16,128,1024,4096,16384', '--against', 'ws']
  await run('bench', 'echo', ...load, '--rounds', '5', '--duration', '0.6', '--html', path)
  await takePicture(browser, pathToFileURL(path).href, 'bench-report', 600, 800)
}

const pictures = { demos: takeDemos, 'conform-report': takeConformReport, 'bench-report': takeBenchReport }

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})
try {
  for (const [name, take] of Object.entries(pictures)) {
    if (names.length === 0 || names.includes(name)) await take(browser)
  }
} finally {
  await browser.close()
  rmSync(folder, { recursive: true })
}
