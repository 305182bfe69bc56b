import { type ChildProcess, spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { firefox } from './need.ts'
import { matchLine } from './output.ts'
import type { TestContext } from './unit.ts'
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
}

/** OID of SHA-256, the digest of the certificate in `cert_override.txt`. */
const SHA_256 = 'OID.2.16.840.1.101.3.4.2.1'

/**
 * Opens a page in a headless Firefox until the test ends, with a fresh profile that accepts this certificate at
 * `localhost:port`. The page itself reports what it observes to the server.
 */
export function openInFirefox(t: TestContext, port: number, path: string, certificate: Buffer): void {
  startFirefox(t, port, certificate, [`https://localhost:${port}${path}`])
}

/** A tab of Firefox, driven by WebDriver BiDi. */
export interface FirefoxPage {
  /** Opens a page, and waits until it has loaded. */
  open(url: string): Promise<void>
  /** Evaluates an expression in the page. Resolves to its value, a string, or to that of its promise. */
  evaluate(expression: string): Promise<string>
}

/** Opens an empty tab of a Firefox that accepts this certificate at `localhost:port`. Firefox ends with the test. */
export async function launchFirefox(t: TestContext, port: number, certificate: Buffer): Promise<FirefoxPage> {
  const child = startFirefox(t, port, certificate, ['--remote-debugging-port', '0', 'about:blank'])
  const bidi = await connectBidi(t, await bidiAddress(child))
  await bidi('session.new', { capabilities: {} })
  const { contexts } = await bidi('browsingContext.getTree', {})
  const [{ context }] = contexts as { context: string }[]
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

type Bidi = (method: string, params: object) => Promise<Record<string, unknown>>

/** Resolves to the address that Firefox writes to standard error. */
async function bidiAddress(child: ChildProcess): Promise<string> {
  const [address] = await matchLine(child.stderr!, /ws:\S+/, 'firefox')
  return address
}

async function connectBidi(t: TestContext, address: string): Promise<Bidi> {
  const client = await openWs(`${address}/session`)
  t.after(() => client.socket.terminate())
  let id = 0
  return async (method, params) => {
    const own = ++id
    client.send(JSON.stringify({ id: own, method, params }))
    for (;;) {
      const message = await client.next()
      if (message === null) throw new Error('Firefox has closed the connection of WebDriver BiDi')
      const answer = JSON.parse(`${message}`)
      if (answer.id !== own) continue
      if (answer.type === 'error') throw new Error(`${method}: ${answer.message}`)
      return answer.result
    }
  }
}

function startFirefox(t: TestContext, port: number, certificate: Buffer, more: string[]): ChildProcess {
  const profile = mkdtempSync(join(tmpdir(), 'firefox-'))
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`)
  writeFileSync(join(profile, 'user.js'), lines.join('\n'))
  const { fingerprint256 } = new X509Certificate(certificate)
  writeFileSync(join(profile, 'cert_override.txt'), `localhost:${port}:\t${SHA_256}\t${fingerprint256}\t\n`)
  const args = ['--headless', '--no-remote', '--profile', profile, ...more]
  const child = spawn(firefox.path, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, HOME: profile, MOZ_HEADLESS: '1', MOZ_DISABLE_CONTENT_SANDBOX: '1' },
    detached: true,
  })
  const exited = once(child, 'exit')
  t.after(async () => {
    // The process group includes the processes of the pages.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    await exited
    rmSync(profile, { recursive: true, maxRetries: 5, force: true })
  })
  child.stderr.resume()
  return child
}
