import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { assert, suite, type TestContext } from './support/unit.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** Each door of the package, and a name that must stand in it. */
const doors = { '.': 'createServer', './core': 'FrameParser', './client': 'ReconnectingWebSocket' }

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

test('works from its tarball, without a network: import, require, types and the command', async (t) => {
  const folder = temporaryFolder(t)
  const { tarball, files } = await pack(folder)
  for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md', 'package.json', 'dist/cli/main.js']) {
    assert.ok(files.includes(file), file)
  }
  assert.ok(files.some((file) => file.startsWith('dist/cli/demo/pages/')))
  for (const file of files) assert.not.match(file, /^(?:src|test|bench|\.)/)

  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  await run('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', tarball], { cwd: folder })
  for (const [door, name] of Object.entries(doors)) {
    const specifier = JSON.stringify(`${manifest.name}${door.slice(1)}`)
    const script = `if (typeof require(${specifier}).${name} !== 'function') process.exit(1)
      import(${specifier}).then((module) => process.exit(module.${name} === require(${specifier}).${name} ? 0 : 2))`
    await run(process.execPath, ['--input-type=commonjs', '--eval', script], { cwd: folder })
  }

  const server = `import { createServer, type Connection } from 'dwebsocket'
    import { FrameParser } from 'dwebsocket/core'
    import { ReconnectingWebSocket } from 'dwebsocket/client'
    export const use: [(c: Connection) => boolean, unknown, unknown] =
      [(c) => c.send('x'), FrameParser, ReconnectingWebSocket]
    createServer().onConnection = (connection) => { const state: 'open' | 'closing' | 'closed' = connection.state; void state }`
  writeFileSync(join(folder, 'server.mts'), server)
  const options = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--module', 'nodenext', '--target', 'es2023']
  const typeRoots = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')]
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  await run(process.execPath, [compiler, ...options, ...typeRoots, 'server.mts'], { cwd: folder }).catch((error) => {
    throw new Error(error.stdout)
  })

  const command = join(folder, 'node_modules/.bin/dwebsocket')
  const { stdout } = await run(command, ['--help'], { cwd: folder })
  assert.match(stdout, /^dwebsocket <command>/)
})
