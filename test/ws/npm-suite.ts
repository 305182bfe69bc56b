import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/*
 * node --import tsx test/ws/npm-suite.ts CHECKOUT: runs the test files of a checkout of npm ws (git, with its
 * dependencies installed: it brings mocha) against src/ws, and compares the outcomes with npm-suite.json. The files are
 * not changed. An index.js and one-line shims beside them provide what they import from `lib`.
 */

interface Expectations {
  /** The minimum number of tests that must pass. */
  passes: number
  /** Files that test only internals, each with the reason why it is not run. */
  files: Record<string, string>
  /** Titles that fail, each with the reason. */
  titles: Record<string, string>
}

interface Report {
  passes: { fullTitle: string }[]
  failures: { fullTitle: string; err: { message?: string } }[]
}

const run = promisify(execFile)
const built = fileURLToPath(new URL('../../dist', import.meta.url))
const expected: Expectations = JSON.parse(readFileSync(new URL('npm-suite.json', import.meta.url), 'utf8'))

/** Shims of what the test files import from `lib`, from the modules of src/ws. */
const shims: Record<string, string> = {
  sender: `module.exports = require('${built}/ws/index.js').Sender`,
  stream: `module.exports = require('${built}/ws/stream.js').createWebSocketStream`,
  'event-target': `module.exports = require('${built}/ws/event-target.js')`,
  extension: `module.exports = require('${built}/ws/header.js').extension`,
  subprotocol: `module.exports = require('${built}/ws/header.js').subprotocol`,
  'permessage-deflate': `module.exports = require('${built}/ws/deflate.js').PerMessageDeflate`,
  validation: `module.exports = { isValidUTF8: require('buffer').isUtf8 }`,
  constants: `module.exports = {
    EMPTY_BUFFER: require('${built}/core/empty.js').EMPTY,
    GUID: '258EAFA5-E914-47DA-95CA-C5AB0DC85B11',
    NOOP() {},
    hasBlob: true,
    kListener: require('${built}/ws/event-target.js').kListener,
  }`,
}

async function runSuite(checkout: string): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'npm-ws-'))
  try {
    cpSync(join(checkout, 'test'), join(folder, 'test'), { recursive: true })
    symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'))
    mkdirSync(join(folder, 'lib'))
    for (const [name, source] of Object.entries(shims)) writeFileSync(join(folder, 'lib', `${name}.js`), source)
    writeFileSync(join(folder, 'index.js'), `module.exports = require('${built}/ws/index.js')`)
    const left = Object.keys(expected.files).flatMap((name) => ['--ignore', `test/${name}`])
    const mocha = join(folder, 'node_modules/mocha/bin/mocha')
    const args = [mocha, '--exit', '--throw-deprecation', '--reporter', 'json', ...left, 'test/*.test.js']
    const { stdout } = await run(process.execPath, args, { cwd: folder, maxBuffer: 2 ** 26 }).catch((error) => error)
    return JSON.parse(stdout.slice(stdout.indexOf('{\n  "stats"')))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const { passes, failures } = await runSuite(resolve(process.argv[2]))
const unexpected = [
  ...failures
    .filter(({ fullTitle }) => !(fullTitle in expected.titles))
    .map(({ fullTitle, err }) => `failed: ${fullTitle}: ${err.message}`),
  ...passes
    .filter(({ fullTitle }) => fullTitle in expected.titles)
    .map(({ fullTitle }) => `passed, but is listed as failing: ${fullTitle}`),
]
if (passes.length < expected.passes) unexpected.push(`${passes.length} passed; expected: ${expected.passes}`)
for (const line of unexpected) console.log(line)
console.log(`${passes.length} passed, ${failures.length} failed, ${unexpected.length} unexpected`)
if (unexpected.length > 0) process.exitCode = 1
