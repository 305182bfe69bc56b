import { basename } from 'node:path'
import * as client from '../src/client/browser.ts'
import * as main from '../src/index.ts'
import * as core from '../src/index-core.ts'
import { readSourceFiles, type SourceFile } from './support/source-file.ts'
import { assert, suite } from './support/unit.ts'

/** The parts that each part may import; 'node' is every `node:` module. A new arrow is a design change. */
const arrows: Record<string, string[]> = {
  'src/core': ['node:buffer'],
  'src/fast': ['src/core', 'node'],
  'src/options': [],
  'src/user-code': ['node'],
  'src/handshake': ['src/core', 'node'],
  'src/deflate': ['src/core', 'src/fast', 'src/options', 'src/handshake', 'node'],
  'src/transport': ['src/core', 'src/fast', 'src/user-code', 'node'],
  'src/connection': ['src/core', 'src/fast', 'src/options', 'src/user-code', 'src/transport', 'node'],
  'src/server': [
    'src/core',
    'src/fast',
    'src/options',
    'src/user-code',
    'src/handshake',
    'src/deflate',
    'src/connection',
    'src/transport',
    'node',
  ],
  'src/session': ['src/core', 'src/options', 'src/user-code', 'src/handshake', 'src/connection', 'src/server', 'node'],
  'src/room': ['src/core', 'src/options', 'src/user-code', 'src/connection', 'src/session', 'node'],
  'src/client': [
    'src/core',
    'src/fast',
    'src/options',
    'src/user-code',
    'src/handshake',
    'src/deflate',
    'src/connection',
    'node',
  ],
  'src/ws': [
    'src/core',
    'src/fast',
    'src/options',
    'src/handshake',
    'src/deflate',
    'src/connection',
    'src/transport',
    'node',
  ],
  'src/conformance': ['node'],
  'src/cli': ['src/index', 'src/options', 'src/index-redis', 'src/conformance', 'redis', 'node'],
  'src/index': [
    'src/core',
    'src/handshake',
    'src/connection',
    'src/server',
    'src/session',
    'src/room',
    'src/client',
    'src/deflate',
  ],
  'src/index-core': ['src/core', 'src/fast', 'src/handshake'],
  'src/index-redis': ['src/room'],
  bench: ['src/index', 'src/index-core', 'src/ws', 'node'],
}

/** Folders of the conformance tester, from the lowest up. A folder is imported through its `index.ts`. */
const conformanceArrows: Record<string, string[]> = {
  wire: [],
  catalogue: ['result'],
  peer: ['wire', 'result'],
  script: ['wire', 'peer', 'catalogue', 'result'],
  client: ['wire', 'peer', 'script', 'result'],
  sections: ['wire', 'peer', 'script', 'client', 'catalogue'],
  report: ['result', 'autobahn-verdict'],
  run: ['wire', 'peer', 'script', 'client', 'sections', 'catalogue', 'result', 'autobahn-verdict'],
}

/** Maximum number of lines of a file, and of a function without a stated reason. */
const MAX_FILE_LINES = 300
const MAX_FUNCTION_LINES = 50
/**
 * Maximum number of files of its own part that a file may import. An `index.ts` only collects exports and may import
 * any number.
 */
const MAX_NEIGHBOURS = 10

/** Functions that are longer, each with its reason. */
const longFunctions: Record<string, string> = {
  'src/ws/stream.ts createWebSocketStream': 'the callbacks of one stream, which share its state',
}

/** Methods of exported classes that are named like callbacks, each with the reason why it is public. */
const publicSinks: Record<string, string> = {
  MessageAssembler: 'is the sink that users of `dwebsocket/core` put behind a `FrameParser`',
}

/** Tests that wait for time to pass, each with its reason. Soak and attack measure over time. */
const sleepers: Record<string, string> = {
  'test/conformance/unusual/pace.ts': 'makes a server slow, which is its subject',
  'test/e2e/chat.ts': 'somebody who types',
}

const test = suite('architecture')

const production = [...readSourceFiles('src'), ...readSourceFiles('bench')]
const everything = [...production, ...readSourceFiles('test')]
const isCatalogueData = ({ path }: SourceFile): boolean => path.startsWith('src/conformance/catalogue/')

/** `src/core/opcode.ts` → `src/core`, `src/index.ts` → `src/index`, `bench/…` → `bench`. */
function partOf(path: string): string {
  const [top, part] = path.split('/')
  return top === 'src' ? `src/${part.replace(/\.ts$/, '')}` : top
}

/** Returns the parts, packages and kinds of modules that a file imports. */
function targetsOf({ path, imports, importedFiles }: SourceFile): string[] {
  const modules = imports
    .filter((specifier) => !specifier.startsWith('.'))
    .map((specifier) => {
      if (specifier === 'node:buffer' && partOf(path) === 'src/core') return specifier
      return specifier.startsWith('node:') ? 'node' : specifier
    })
  return [...modules, ...importedFiles.map(partOf)]
}

/** Returns the groups of files that reach each other through imports (Tarjan's algorithm). */
function findCircles(files: readonly SourceFile[]): string[][] {
  const fileOf = new Map(files.map((file) => [file.path, file]))
  const numbers = new Map<string, number>()
  const open: string[] = []
  const circles: string[][] = []
  /** Returns the smallest number among the open files that `path` reaches. */
  const visit = (path: string): number => {
    const number = numbers.size
    let smallest = number
    numbers.set(path, number)
    open.push(path)
    for (const target of fileOf.get(path)!.importedFiles) {
      if (!fileOf.has(target)) continue
      if (!numbers.has(target)) smallest = Math.min(smallest, visit(target))
      else if (open.includes(target)) smallest = Math.min(smallest, numbers.get(target)!)
    }
    if (smallest === number) {
      const group = open.splice(open.indexOf(path))
      if (group.length > 1) circles.push(group.sort())
    }
    return smallest
  }
  for (const path of fileOf.keys()) if (!numbers.has(path)) visit(path)
  return circles
}

test('every import follows an arrow of the design', () => {
  const broken: string[] = []
  for (const file of production) {
    const part = partOf(file.path)
    const allowed = arrows[part]
    assert.ok(allowed, `${file.path} is in no part of the design`)
    for (const target of targetsOf(file)) {
      if (target !== part && !allowed.includes(target)) broken.push(`${file.path} imports ${target}`)
    }
  }
  assert.equal(broken, [])
})

test('inside the conformance tester every import follows an arrow, through the door of the room', () => {
  const broken: string[] = []
  const roomOf = (path: string): string => path.split('/')[2].replace(/\.ts$/, '')
  for (const file of production.filter(({ path }) => partOf(path) === 'src/conformance')) {
    const room = roomOf(file.path)
    if (!(room in conformanceArrows)) continue
    for (const target of file.importedFiles) {
      const isDoor = target.split('/').length === 3 || target.split('/')[3] === 'index.ts'
      if (roomOf(target) === room) continue
      if (!isDoor || !conformanceArrows[room].includes(roomOf(target))) broken.push(`${file.path} imports ${target}`)
    }
  }
  assert.equal(broken, [])
})

test('no files import each other in a circle', () => {
  assert.equal(findCircles(everything), [])
})

test(`no file imports more than ${MAX_NEIGHBOURS} files of its own part`, () => {
  const entangled = production.flatMap(({ path, importedFiles }) => {
    const count = importedFiles.filter((target) => partOf(target) === partOf(path)).length
    return basename(path) === 'index.ts' || count <= MAX_NEIGHBOURS ? [] : [`${path}: ${count}`]
  })
  assert.equal(entangled, [])
})

test(`no file of src and bench is longer than ${MAX_FILE_LINES} lines, data aside`, () => {
  const long = production.filter((file) => file.lineCount > MAX_FILE_LINES && !isCatalogueData(file))
  assert.equal(
    long.map(({ path, lineCount }) => `${path}: ${lineCount}`),
    [],
  )
})

test(`no function is longer than ${MAX_FUNCTION_LINES} lines without a reason`, () => {
  const long = everything.flatMap(({ path, functions }) =>
    functions.filter(({ lineCount }) => lineCount > MAX_FUNCTION_LINES).map(({ name }) => `${path} ${name}`),
  )
  assert.equal(long.sort(), Object.keys(longFunctions).sort())
})

test('no method that users can reach is internal', () => {
  const marked = production.filter(({ text }) => text.includes('@internal')).map(({ path }) => path)
  assert.equal(marked, [])
  const exported = Object.entries({ ...core, ...client, ...main })
  const callbacks = exported.flatMap(([name, value]) => {
    if (typeof value !== 'function' || name in publicSinks) return []
    const members = Object.getOwnPropertyDescriptors(value.prototype ?? {})
    return Object.entries(members)
      .filter(([member, { value }]) => typeof value === 'function' && /^(?:_|on[A-Z])/.test(member))
      .map(([member]) => `${name}.${member}`)
  })
  assert.equal(callbacks, [])
})

test('the core is a function of its input: no environment, no global, no state of its own', () => {
  const forbidden = {
    'the process': /\bprocess\b/,
    'a global': /\bglobalThis\b/,
    'a variable of the module': /^(?:export )?(?:let|var) /m,
    'a container of the module': /^(?:export )?const \w+(?:: [^=]+)? = new \w*(?:Map|Set|Array|WeakRef)\b/m,
  }
  const broken = production
    .filter((file) => partOf(file.path) === 'src/core')
    .flatMap(({ path, text }) => {
      const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
      const found = Object.entries(forbidden).filter(([, pattern]) => pattern.test(code))
      return found.map(([what]) => `${path} has ${what}`)
    })
  assert.equal(broken, [])
})

test('no test waits for a while instead of an event', () => {
  const sleeping = everything.filter(
    ({ path, text, imports }) =>
      /^test\/(?!soak|attack)/.test(path) &&
      (/await new Promise\b[^\n]*setTimeout\(/.test(text) || imports.includes('node:timers/promises')),
  )
  assert.equal(
    sleeping.map(({ path }) => path),
    Object.keys(sleepers),
  )
})

test('undocumented parts of Node are used in src/fast only', () => {
  const undocumented = /\._[a-z]\w*|\bSymbol\.species\b|\.listeners\('end'\)|\.emit\('listening'\)|\bprocess\.binding\b/
  const found = production.flatMap(({ path, text }) => {
    // src/ws has fields that are named as in npm ws, where programs read them.
    const isAllowed = ['src/fast/', 'src/ws/', 'bench/'].some((start) => path.startsWith(start))
    const use = isAllowed ? null : undocumented.exec(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''))
    return use === null ? [] : [`${path}: ${use[0]}`]
  })
  assert.equal(found, [])
})
