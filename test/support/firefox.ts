import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { firefox } from './need.ts'
import { matchLine } from './output.ts'
import { afterRun, type TestContext } from './unit.ts'
import { openWs } from './ws-client.ts'

/** Preferences that show nothing at the start except the page. */
const PREFERENCES: Record<string, boolean | number | string> = {
  'app.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'browser.aboutwelcome.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.enabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.proxy.type': 0,
  'network.trr.mode': 5,
  'services.settings.server': 'data:,',
  'fission.autostart': false,
  'dom.ipc.processPrelaunch.enabled': false,
}

/** A tab of Firefox, driven by WebDriver BiDi. */
export interface FirefoxPage {
  /** Opens a page, and waits until it has loaded. */
  open(url: string): Promise<void>
  /** Evaluates an expression in the page. Resolves to its value, a string, or to that of its promise. */
  evaluate(expression: string): Promise<string>
}

/** One process for the whole run, because a start takes seconds. */
let shared: Promise<Bidi> | null = null

/** Opens an empty tab in the Firefox of this run, which accepts every certificate, until the test ends. */
export async function openFirefoxPage(t: TestContext): Promise<FirefoxPage> {
  shared ??= startFirefox()
  const bidi = await shared
  const { context } = await bidi('browsingContext.create', { type: 'tab' })
  t.after(() => bidi('browsingContext.close', { context }))
  return {
    async open(url) {
      await bidi('browsingContext.navigate', { context, url, wait: 'complete' })
    },
    async evaluate(expression) {
      const { result, exceptionDetails } = await bidi('script.evaluate', {
        expression,
        target: { context },
        awaitPromise: true,
      })
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
      return (result as { value: string }).value
    },
  }
}

/** Starts a headless Firefox with a fresh profile. */
async function startFirefox(): Promise<Bidi> {
  const profile = mkdtempSync(join(tmpdir(), 'firefox-'))
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`)
  writeFileSync(join(profile, 'user.js'), lines.join('\n'))
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0', 'about:blank']
  const child = spawn(firefox.path, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, HOME: profile, MOZ_HEADLESS: '1', MOZ_DISABLE_CONTENT_SANDBOX: '1' },
  })
  // The processes of the pages, which end with Firefox, also write to standard error.
  const closed = once(child, 'close')
  afterRun(async () => {
    child.kill('SIGKILL')
    await closed
    rmSync(profile, { recursive: true, maxRetries: 5, force: true })
  })
  const [address] = await matchLine(child.stderr, /ws:\S+/, 'firefox')
  const bidi = await connectBidi(address)
  await bidi('session.new', { capabilities: { alwaysMatch: { acceptInsecureCerts: true } } })
  return bidi
}

type Bidi = (method: string, params: object) => Promise<Record<string, unknown>>

interface BidiAnswer {
  readonly id: number
  readonly type: string
  readonly message: string
  readonly result: Record<string, unknown>
}

async function connectBidi(address: string): Promise<Bidi> {
  const { socket } = await openWs(`${address}/session`)
  const waiting = new Map<number, (answer: BidiAnswer) => void>()
  socket.on('message', (data) => {
    const answer: BidiAnswer = JSON.parse(String(data))
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  let lastId = 0
  return async (method, params) => {
    const id = ++lastId
    socket.send(JSON.stringify({ id, method, params }))
    const answer = await new Promise<BidiAnswer>((resolve) => waiting.set(id, resolve))
    if (answer.type === 'error') throw new Error(`${method}: ${answer.message}`)
    return answer.result
  }
}
