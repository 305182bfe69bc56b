import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { isFastEnabled } from '../../src/fast/enabled.ts'
import { assert, type Suite } from './unit.ts'

/** Something that a test needs. */
export interface Need {
  /** Why the need is not met, and what to do; `null` when it is met. */
  readonly missing: string | null
  /** Whether the environment has turned it off, which is not a failure even with `CI`. */
  readonly isTurnedOff?: boolean
}

/** A program that is installed on this machine. */
export interface Program extends Need {
  /** The path of the program. Throws when the program is missing. */
  readonly path: string
}

/**
 * Returns the suite, whose tests run only where all needs are met. Elsewhere they are skipped with the reason. With
 * `CI` in the environment they fail, because such a machine must have everything.
 */
export function testWith(test: Suite, ...needs: readonly Need[]): Suite {
  const need = needs.find(({ missing }) => missing !== null)
  if (need === undefined) return test
  const reason = need.missing ?? ''
  const skips = need.isTurnedOff === true || !process.env['CI']
  const add = (sentence: string): void => {
    if (skips) test.skip(sentence, reason)
    else test(sentence, () => assert.unreachable(reason))
  }
  return Object.assign(add, { skip: test.skip, after: test.after })
}

/**
 * Returns the program at the path in the environment variable `variable`, otherwise the first of `names` that is in
 * `PATH`, otherwise the first of `places`.
 */
function findProgram(variable: string, names: readonly string[], places: readonly string[], hint: string): Program {
  const fromEnvironment = process.env[variable]
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin']
  const candidates =
    fromEnvironment === undefined
      ? [...names.flatMap((name) => folders.map((folder) => join(folder, name))), ...places]
      : [fromEnvironment]
  const found = candidates.find(isExecutable)
  const missing = `there is no ${fromEnvironment ?? names[0]}; ${hint}, or set ${variable}`
  return {
    missing: found === undefined ? missing : null,
    get path() {
      if (found === undefined) throw new Error(missing)
      return found
    },
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Preferably the program without a user interface, because it needs about half the processor time. */
export const chromium = findProgram(
  'CHROMIUM_PATH',
  ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'],
  ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'],
  'Debian: apt-get install chromium-headless-shell',
)
export const firefox = findProgram(
  'FIREFOX_PATH',
  ['firefox-esr', 'firefox'],
  ['/Applications/Firefox.app/Contents/MacOS/firefox'],
  'Debian: apt-get install firefox-esr',
)
export const redisServer = findProgram('REDIS_PATH', ['redis-server'], [], 'Debian: apt-get install redis-server')
export const nginx = findProgram('NGINX_PATH', ['nginx'], [], 'Debian: apt-get install nginx-light')
export const haproxy = findProgram('HAPROXY_PATH', ['haproxy'], [], 'Debian: apt-get install haproxy')
export const caddy = findProgram('CADDY_PATH', ['caddy'], [], 'Debian: apt-get install caddy')
export const systemdAnalyze = findProgram(
  'SYSTEMD_ANALYZE_PATH',
  ['systemd-analyze'],
  [],
  'Debian: apt-get install systemd',
)
export const curl = findProgram('CURL_PATH', ['curl'], [], 'Debian: apt-get install curl')
export const nghttp = findProgram('NGHTTP_PATH', ['nghttp'], [], 'Debian: apt-get install nghttp2-client')
export const openssl = findProgram('OPENSSL_PATH', ['openssl'], [], 'Debian: apt-get install openssl')

/** Returns the need for the dependencies of a folder that has a lock file of its own. */
export function dependenciesIn(folder: string): Need {
  const isInstalled = existsSync(new URL(`../../${folder}/node_modules`, import.meta.url))
  return { missing: isInstalled ? null : `${folder} is not installed: npm ci --ignore-scripts --prefix ${folder}` }
}

/** `/proc`, which shows the resources of a process. */
export const proc: Need = {
  missing: process.platform === 'linux' ? null : 'there is no /proc',
  isTurnedOff: process.platform !== 'linux',
}

/** Returns the need for a fast path, which `DWEBSOCKET_PORTABLE` turns off. */
export function fastPath(isInUse: boolean): Need {
  return { missing: isInUse ? null : 'the fast path is not in use', isTurnedOff: !isFastEnabled }
}
