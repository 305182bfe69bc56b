import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { type Browser, chromium } from 'playwright-core'
import { parseReport } from '../../bench/report/comparison.ts'
import { formatHtml } from '../../bench/report/html.ts'

/*
 * npm run docs:screenshots [-- NAME…] [--report FILE]: makes the pictures of the demo site, of a report of the tester and
 * of a report of the benchmark, or only those that are named, with the Chromium at CHROMIUM_PATH. The last picture shows
 * the report in FILE, which npm run bench -- table --json has printed; without FILE it is left as it is.
 */

const root = new URL('../../', import.meta.url)
const cwd = fileURLToPath(root)
const { values, positionals: names } = parseArgs({ allowPositionals: true, options: { report: { type: 'string' } } })
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

/** Takes a picture of the first screen of a page, or of its first element that the selector finds. */
async function takePicture(browser: Browser, url: string, name: string, selector?: string): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 960, height: 600 }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.goto(url)
  const subject = selector === undefined ? page : page.locator(selector).first()
  await subject.screenshot({ path: fileURLToPath(new URL(`docs/images/${name}.png`, root)) })
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
  if (values.report === undefined) return
  const path = join(folder, 'bench.html')
  writeFileSync(path, formatHtml(parseReport(readFileSync(values.report, 'utf8'), values.report)))
  await takePicture(browser, pathToFileURL(path).href, 'bench-report', 'svg')
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
