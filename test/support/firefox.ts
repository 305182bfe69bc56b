import { spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { firefox } from './need.ts'
import type { TestContext } from './unit.ts'

/** Nothing at the start but the page. */
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
 * Opens a page in Firefox without a window, with a fresh profile that accepts this certificate at `localhost:port`; it
 * ends with the test. The page tells the server what it sees: there is no protocol to ask it by.
 */
export function openInFirefox(t: TestContext, port: number, path: string, certificate: Buffer): void {
  const profile = mkdtempSync(join(tmpdir(), 'firefox-'))
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`)
  writeFileSync(join(profile, 'user.js'), lines.join('\n'))
  const { fingerprint256 } = new X509Certificate(certificate)
  writeFileSync(join(profile, 'cert_override.txt'), `localhost:${port}:\t${SHA_256}\t${fingerprint256}\t\n`)
  const args = ['--headless', '--no-remote', '--profile', profile, `https://localhost:${port}${path}`]
  const child = spawn(firefox.path, args, {
    stdio: 'ignore',
    env: { ...process.env, HOME: profile, MOZ_HEADLESS: '1', MOZ_DISABLE_CONTENT_SANDBOX: '1' },
    detached: true,
  })
  const exited = once(child, 'exit')
  t.after(async () => {
    // The processes of its pages are in its group.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    await exited
    rmSync(profile, { recursive: true, maxRetries: 5, force: true })
  })
}
