import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assert, suite } from './support/unit.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Which part may import which; 'node' is every `node:` module. An arrow that is not here is a design change. */
const arrows: Record<string, string[]> = {
  'src/core': ['node:buffer'],
  'src/options': [],
  'src/handshake': ['src/core', 'node'],
  'src/deflate': ['src/core', 'src/options', 'src/handshake', 'node'],
  'src/transport': ['src/core', 'node'],
  'src/connection': ['src/core', 'src/options', 'src/transport', 'node'],
  'src/server': ['src/core', 'src/options', 'src/handshake', 'src/deflate', 'src/connection', 'src/transport', 'node'],
  'src/session': ['src/core', 'src/options', 'src/handshake', 'src/connection', 'src/server', 'node'],
  'src/room': ['src/core', 'src/options', 'src/connection', 'src/session', 'node'],
  'src/client': ['src/core', 'src/options', 'src/handshake', 'src/deflate', 'src/connection', 'node'],
  'src/conformance': ['node'],
  'src/cli': ['src/index', 'src/room', 'src/conformance', 'redis', 'node'],
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
  'src/index-core': ['src/core', 'src/handshake'],
  bench: ['src/index', 'src/index-core', 'node'],
}

const test = suite('architecture')

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
    .map((name) => join(folder, name))
}

/** `src/core/mask.ts` → `src/core`, `src/index.ts` → `src/index`, `bench/…` → `bench`. */
function partOf(path: string): string {
  const [top, part] = path.split('/')
  return top === 'src' ? `src/${part.replace(/\.ts$/, '')}` : top
}

function importsOf(file: string): string[] {
  // Code inside a template is a text for somebody else.
  const text = readFileSync(join(root, file), 'utf8').replaceAll(/`[^`]*`/g, '``')
  const froms = text.matchAll(/(?:^|\n)\s*(?:import|export)\s[^'"`;]*?\sfrom\s+'([^']+)'/g)
  const bare = text.matchAll(/(?:^|\n)\s*import\s+'([^']+)'|\bimport\(\s*'([^']+)'/g)
  return [...froms, ...bare].map((match) => match[1] ?? match[2])
}

function targetOf(file: string, specifier: string): string {
  if (specifier === 'node:buffer' && partOf(file) === 'src/core') return specifier
  if (specifier.startsWith('node:')) return 'node'
  if (!specifier.startsWith('.')) return specifier
  return partOf(relative(root, join(root, dirname(file), specifier)))
}

test('every import follows an arrow of the design', () => {
  const broken: string[] = []
  for (const file of [...sourceFiles('src'), ...sourceFiles('bench')]) {
    const part = partOf(file)
    const allowed = arrows[part]
    assert.ok(allowed, `${file} is in no part of the design`)
    for (const specifier of importsOf(file)) {
      const target = targetOf(file, specifier)
      if (target !== part && !allowed.includes(target)) broken.push(`${file} imports ${specifier}`)
    }
  }
  assert.equal(broken, [])
})
