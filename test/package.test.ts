import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { programs } from './support/readme.ts'
import { assert, suite, type TestContext } from './support/unit.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** Each door of the package, and a name that must stand in it. */
const doors = {
  '.': 'createServer',
  './core': 'FrameParser',
  './client': 'ReconnectingWebSocket',
  './redis': 'RedisBroker',
}

const USE_OF_EVERY_DOOR = `
  import { createServer, type Connection, type SendResult } from 'dwebsocket'
  import { FrameParser } from 'dwebsocket/core'
  import { ReconnectingWebSocket } from 'dwebsocket/client'
  import { RedisBroker } from 'dwebsocket/redis'
  export const use: unknown[] = [FrameParser, ReconnectingWebSocket, RedisBroker]
  createServer().onConnection = (connection: Connection) => {
    connection.onMessage = (data: string | Buffer) => { const result: SendResult = connection.send(data); void result }
  }
`

const test = suite('package', { timeLimit: 60_000 })

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'package-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Packs the package as it would be published. */
async function pack(folder: string): Promise<{ tarball: string; files: string[] }> {
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const { stdout } = await run('npm', words, { cwd: ROOT, maxBuffer: 1 << 26 })
  const [{ filename, files }] = JSON.parse(stdout)
  return { tarball: join(folder, filename), files: files.map(({ path }: { path: string }) => path) }
}

/** Installs it into a project of its own, with nothing else to be had. */
async function install(t: TestContext): Promise<string> {
  const folder = temporaryFolder(t)
  const { tarball } = await pack(folder)
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  await run('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', tarball], { cwd: folder })
  return folder
}

test('names a file for every door and every condition, and each is there', () => {
  for (const [door, target] of Object.entries<string | Record<string, string>>(manifest.exports)) {
    const paths = typeof target === 'string' ? [target] : Object.values(target)
    for (const path of paths) assert.ok(existsSync(join(ROOT, path)), `${door}: ${path}`)
    if (typeof target !== 'string') assert.equal(Object.keys(target), ['types', 'default'], door)
  }
})

test('has no dependency', () => {
  for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies']) {
    assert.is(manifest[kind], undefined, kind)
  }
})

test('packs what package.json names, and no source', async (t) => {
  const { files } = await pack(temporaryFolder(t))
  for (const entry of [...manifest.files, 'package.json', 'dist/cli/main.js', 'dist/cli/demo/pages/index.html']) {
    const isThere = files.some((file) => file === entry || file.startsWith(`${entry}/`))
    assert.ok(isThere, entry)
  }
  for (const file of files) assert.not.match(file, /^(?:src|test|bench|\.)/)
})

test('installs without a network and opens every door to import and require', async (t) => {
  const folder = await install(t)
  for (const [door, name] of Object.entries(doors)) {
    const specifier = JSON.stringify(`${manifest.name}${door.slice(1)}`)
    const script = `const { ${name} } = require(${specifier})
      import(${specifier}).then((module) => console.log([typeof ${name}, module.${name} === ${name}].join(' ')))`
    const { stdout } = await run(process.execPath, ['--input-type=commonjs', '--eval', script], { cwd: folder })
    assert.is(stdout, 'function true\n', door)
  }
  const { stdout } = await run(join(folder, 'node_modules/.bin/dwebsocket'), ['--help'], { cwd: folder })
  assert.match(stdout, /^dwebsocket <command>/)
})

test('brings types that satisfy the strictest compiler, and the programs of the README', async (t) => {
  const folder = await install(t)
  const typed = programs().filter(({ language }) => language === 'ts')
  const sources = [USE_OF_EVERY_DOOR, ...typed.map(({ code }) => code)].map((code, i) => {
    writeFileSync(join(folder, `program${i}.mts`), code)
    return `program${i}.mts`
  })
  const options = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--module', 'nodenext', '--target', 'es2023']
  const typeRoots = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')]
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  const words = [compiler, ...options, ...typeRoots, ...sources]
  const complaints = await run(process.execPath, words, { cwd: folder }).catch((error) => error)
  assert.is(complaints.stdout, '')
})
