import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { build, type Plugin } from 'esbuild'
import { publint } from 'publint'
import { programs, readme } from './support/documents.ts'
import { type Need, testWith } from './support/need.ts'
import { assert, suite } from './support/unit.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** Each entry point of the package, and a name that it must export. */
const doors = {
  '.': 'createServer',
  './core': 'FrameParser',
  './client': 'ReconnectingWebSocket',
  './redis': 'RedisBroker',
  './ws': 'WebSocketServer',
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

const PARAMS_OF_EVERY_PATTERN = `
  import { accept_websocket, createServer, require_websocket, type View, type ViewRequest } from 'dwebsocket'
  createServer({
    urls: {
      '/chat/:room/:name': accept_websocket(async (request) => {
        const both: string = request.params.room + request.params.name
        // @ts-expect-error the pattern has no such name
        request.params.other
        return both
      }),
      '/feed/:id': require_websocket(async ({ websocket, params }) => void websocket.send(params.id)),
      '/plain/:name': (request) => request.params.name.length,
      '/': (request, response) => {
        // @ts-expect-error the pattern has no names
        response.end(request.params.name)
      },
    },
  })
  const known = accept_websocket(async (request: ViewRequest<'/user/:id'>) => request.params.id.length)
  const unknown = require_websocket(async ({ websocket, params }) => void websocket.send(params.id ?? ''))
  const table: Record<string, View> = {}
  createServer({ urls: table })
  createServer({ urls: { ...table, '/user/:id': known, '/other/:id': unknown } })
  // @ts-expect-error the view reads the parameters of another pattern
  createServer({ urls: { '/user/:name': known } })
`

/** The time limit is for npm on a busy machine. */
const test = suite('package', { timeLimit: 180_000 })

/** The package as it would be published, installed into a new project. */
interface Installed {
  tarball: string
  /** What the tarball contains. */
  files: string[]
  folder: string
}

let installed: Promise<Installed> | null = null

/** Packs and installs the package once for all tests. */
function install(): Promise<Installed> {
  installed ??= packAndInstall()
  return installed
}

async function packAndInstall(): Promise<Installed> {
  const folder = mkdtempSync(join(tmpdir(), 'package-'))
  process.once('exit', () => rmSync(folder, { recursive: true }))
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const { stdout } = await run('npm', words, { cwd: ROOT, maxBuffer: 1 << 26 })
  const [{ filename, files }] = JSON.parse(stdout)
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  const options = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund']
  await run('npm', ['install', ...options, join(folder, filename)], { cwd: folder })
  return { tarball: join(folder, filename), files: files.map(({ path }: { path: string }) => path), folder }
}

test('names a file for every entry point and every condition, and each file exists', () => {
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

test('packs what package.json names, and no source', async () => {
  const { files } = await install()
  const named: string[] = manifest.files.filter((pattern: string) => !pattern.startsWith('!'))
  for (const entry of [...named, 'package.json', 'dist/cli/main.js', 'dist/cli/demo/pages/index.html']) {
    const isThere = files.some((file) => file === entry || file.startsWith(`${entry}/`))
    assert.ok(isThere, entry)
  }
  for (const file of files) assert.not.match(file, /^(?:src|test|bench|\.)|\.map$/)
})

test('has nothing that publint reports', async () => {
  const tarball = readFileSync((await install()).tarball)
  const { messages } = await publint({ pack: { tarball: Uint8Array.from(tarball).buffer }, strict: true })
  // The folder ws/ is a separate package, which overrides install by path.
  const isByDesign = ({ code, args }: { code: string; args: object }): boolean =>
    code === 'NESTED_PACKAGE_JSON_FIELD_IGNORED' && 'filePath' in args && args.filePath === './ws/package.json'
  assert.equal(
    messages.filter((message) => !isByDesign(message)),
    [],
  )
})

test('has types that resolve wherever ES modules do', async () => {
  const tarball = readFileSync((await install()).tarball)
  const analysis = await checkPackage(createPackageFromTarballData(Uint8Array.from(tarball)))
  const problems = analysis.types === false ? [{ kind: 'no types' }] : analysis.problems
  // The package is ES modules only, which require() loads since Node 20.19, and older resolution has no `exports`.
  const isByDesign = (problem: object): boolean =>
    'resolutionKind' in problem && ['node10', 'node16-cjs'].includes(String(problem.resolutionKind))
  assert.equal(
    problems.filter((problem) => !isByDesign(problem)),
    [],
  )
})

/** Resolves to the size in bytes of a bundle of what `createServer` and the decorators need, compressed as by a CDN. */
async function bundledSize(plugins: Plugin[] = []): Promise<number> {
  const contents = `export { createServer } from './src/session/create-server.ts'
    export { accept_websocket, require_websocket } from './src/session/views.ts'`
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: ROOT, loader: 'ts' },
    plugins,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    write: false,
  })
  return gzipSync(outputFiles[0].contents, { level: 9 }).length
}

test('core, server and session are at most 25 KB, and with all that a server needs 52 KB', async () => {
  const onlyThree: Plugin = {
    name: 'three folders',
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
        const file = join(resolveDir, path)
        return /[/\\]src[/\\](core|server|session)[/\\]/.test(file) ? null : { path: file, external: true }
      }),
  }
  const parts = await bundledSize([onlyThree])
  const whole = await bundledSize()
  assert.ok(parts > 5_000 && parts <= 25_000, `${parts} bytes`)
  assert.ok(whole > parts && whole <= 52_000, `${whole} bytes`)
})

/** Returns the names that a file exports from other files, each with the file. */
function readReexports(file: string): { name: string; source: string }[] {
  const exported = /^export (?:type )?\{([^}]*)\} from '(.*)'/gm
  return [...readFileSync(file, 'utf8').matchAll(exported)].flatMap(([, names, path]) =>
    names
      .split(',')
      .map((entry) => entry.replace(/\btype /, '').trim())
      .filter((name) => name !== '')
      .map((name) => ({ name, source: join(dirname(file), path) })),
  )
}

/** Returns whether the declaration of a name has a comment, in this file or in the file that it is exported from. */
function isDocumented(name: string, file: string): boolean {
  const further = readReexports(file).find((entry) => entry.name === name)
  if (further !== undefined) return isDocumented(name, further.source)
  const declaration = `\\*/\\nexport (?:abstract |async )?(?:class|const|function\\*?|interface|type) ${name}\\b`
  return new RegExp(declaration).test(readFileSync(file, 'utf8'))
}

test('has a comment on everything that it exports', () => {
  const doors = ['index.ts', 'index-core.ts', 'index-redis.ts', 'client/browser.ts', 'ws/index.ts']
  const exported = doors.flatMap((door) => readReexports(join(ROOT, 'src', door)))
  assert.ok(exported.length > 100)
  const missing = exported.filter(({ name, source }) => !isDocumented(name, source)).map(({ name }) => name)
  assert.equal(missing, [])
})

test('installs without a network, and import and require load every entry point', async () => {
  const { folder } = await install()
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

/** The strictest settings of TypeScript that a user of these types may have. TypeScript does not check its own types. */
const STRICTEST = [
  '--strict',
  ...['--skipLibCheck', 'false', '--skipDefaultLibCheck'],
  '--exactOptionalPropertyTypes',
  '--noUncheckedIndexedAccess',
]

/** Resolves to the errors of a compiler in programs that use the installed package; none when all is well. */
async function complaintsOf(compiler: string, folder: string, programs: readonly string[]): Promise<string> {
  const sources = programs.map((code, index) => {
    writeFileSync(join(folder, `program${index}.mts`), code)
    return `program${index}.mts`
  })
  const target = ['--noEmit', '--module', 'nodenext', '--target', 'es2022']
  const typeRoots = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')]
  const words = [join(ROOT, compiler), ...target, ...STRICTEST, ...typeRoots, ...sources]
  return (await run(process.execPath, words, { cwd: folder }).catch((error) => error)).stdout
}

test('brings types that satisfy the strictest compiler, and the programs of the documents', async () => {
  const { folder } = await install()
  const typed = programs().filter(({ language }) => language === 'ts')
  const sources = [USE_OF_EVERY_DOOR, PARAMS_OF_EVERY_PATTERN, ...typed.map(({ code }) => code)]
  assert.is(await complaintsOf('node_modules/typescript/bin/tsc', folder, sources), '')
})

test('every entry point can be loaded with require', async () => {
  const { folder } = await install()
  const doors = Object.keys(manifest.exports).filter((door) => door !== './package.json')
  const names = doors.map((door) => manifest.name + door.slice(1))
  const code = `for (const name of ${JSON.stringify(names)}) console.log(String(Object.keys(require(name)).length > 0))`
  const { stdout } = await run(process.execPath, ['--no-warnings', '-e', code], { cwd: folder })
  assert.is(stdout, 'true\n'.repeat(doors.length))
})

const OLDEST = 'test/oldest-typescript/node_modules/typescript'
const MOST_USED = 'test/oldest-typescript/node_modules/typescript-5.9'
const oldest: Need = {
  missing: existsSync(join(ROOT, OLDEST))
    ? null
    : 'there is no oldest TypeScript: npm ci --prefix test/oldest-typescript',
}

testWith(test, oldest)('brings types for the oldest TypeScript that the README names, and for 5.9', async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, OLDEST, 'package.json'), 'utf8'))
  assert.match(readme.replaceAll(/\s+/g, ' '), `TypeScript ${version.replace(/\.\d+$/, '')} or later`)
  const { folder } = await install()
  for (const compiler of [OLDEST, MOST_USED]) {
    const complaints = await complaintsOf(`${compiler}/lib/tsc.js`, folder, [
      USE_OF_EVERY_DOOR,
      PARAMS_OF_EVERY_PATTERN,
    ])
    assert.is(complaints, '', compiler)
  }
})

test('every optional property of the published types accepts undefined', async () => {
  const folder = join((await install()).folder, 'node_modules', manifest.name)
  const entries = Object.values<{ types: string } | string>(manifest.exports).flatMap((target) =>
    typeof target === 'string' ? [] : join(folder, target.types),
  )
  const strict = publishedTypes(entries).flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => /^ +(?:readonly )?\w+\?: .*;$/.test(line) && !/\bundefined;$/.test(line))
      .map((line) => `${file.slice(folder.length)}: ${line.trim()}`),
  )
  assert.equal(strict, [])
})

/** Returns these declaration files and all that they import, directly or indirectly. */
function publishedTypes(entries: readonly string[]): string[] {
  const files = new Set(entries)
  for (const file of files) {
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g)) {
      files.add(join(dirname(file), path.replace(/\.ts$/, '.d.ts')))
    }
  }
  return [...files]
}
