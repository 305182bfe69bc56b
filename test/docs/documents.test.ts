import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { transformSync } from 'esbuild'
import { parse } from 'yaml'
import { insertCode } from '../../docs/make/code.ts'
import { readDocuments } from '../../docs/make/documents.ts'
import { drawSpeed, insertSpeed } from '../../docs/make/speed.ts'
import { readTranslation, versionOf } from '../../docs/make/translations.ts'
import { blocksOf, type CodeBlock, isPartOfProject, isServer, readme, writeProgram } from '../support/documents.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('documents, page by page')
const root = new URL('../../', import.meta.url)
const all = readDocuments()
const benchmark = all.find(({ path }) => path === 'docs/benchmark.md')!.text
const blocks = all.flatMap(blocksOf)
const inLanguage = (...languages: string[]): CodeBlock[] =>
  blocks.filter(({ language }) => languages.includes(language))

test('the README has at most 250 lines', () => {
  assert.ok(readme.split('\n').length <= 250)
})

test('shows the files of examples as they are, and the figures of the benchmark', () => {
  for (const { path, text } of all) assert.is(text, insertSpeed(insertCode(text), benchmark), `${path}: npm run docs`)
  assert.is(readFileSync(new URL('docs/images/speed.svg', root), 'utf8'), drawSpeed(benchmark), 'npm run docs')
})

test('the README states the costs of both APIs as the benchmark does', () => {
  for (const [id, server] of [
    ['session-burst', 'dwebsocket+session'],
    ['burst-128', 'dwebsocket'],
  ]) {
    const cost = benchmark.split(`(\`${id}\`) | ${server} | `)[1].split(' ')[0]
    assert.ok(readme.includes(` ${Number(cost).toFixed(2)} µs |`), id)
  }
})

test('links to files and headings that exist', () => {
  const others = ['CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'examples/README.md'].map((path) => ({
    path,
    text: readFileSync(new URL(path, root), 'utf8'),
  }))
  const pages = new Map([...all, ...others].map(({ path, text }) => [new URL(path, root).pathname, text]))
  for (const [page, text] of pages) {
    for (const [, target] of withoutCode(text).matchAll(/\]\(([^)]+)\)/g)) {
      if (/^https?:/.test(target)) continue
      const url = new URL(target, new URL(page, root))
      const found = target.startsWith('#') || existsSync(new URL(url.pathname, root))
      assert.ok(found, `${page}: ${target}`)
      const other = pages.get(url.pathname)
      if (url.pathname.endsWith('.html') && url.hash !== '') {
        const isThere = readFileSync(url.pathname, 'utf8').includes(`id="${url.hash.slice(1)}"`)
        assert.ok(isThere, `${page}: ${target}`)
      } else if (url.hash !== '')
        assert.ok(anchorsOf(other ?? '').includes(decodeURI(url.hash.slice(1))), `${page}: ${target}`)
    }
  }
})

test('gives addresses that are well formed, and by https', () => {
  for (const { path, text } of all) {
    for (const [, target] of withoutCode(text).matchAll(/\]\((https?:[^)]+)\)/g)) {
      assert.is(new URL(target).protocol, 'https:', `${path}: ${target}`)
    }
  }
})

test('every program without a server can also be loaded', async (t) => {
  // Tests of an application run in a separate process, in examples.test.ts.
  const isLoadable = (block: CodeBlock): boolean =>
    !isServer(block) && !isPartOfProject(block) && !block.code.includes("from 'node:test'")
  for (const program of inLanguage('js', 'ts').filter(isLoadable)) {
    await import(writeProgram(t, program).href).catch((error) => {
      assert.unreachable(`${program.path}, ${program.heading}: ${error.message}`)
    })
  }
})

test('the scripts of pages have no syntax errors', () => {
  for (const { path, heading, code } of inLanguage('html')) {
    for (const [, script] of code.matchAll(/<script[^>]*>(.*?)<\/script>/gs)) {
      assert.not.throws(() => transformSync(script, { loader: 'tsx', logLevel: 'silent' }), `${path}, ${heading}`)
    }
  }
})

test('components are files of an example that a test runs', () => {
  for (const block of inLanguage('vue', 'jsx', 'tsx')) assert.ok(isPartOfProject(block), block.path)
})

test('JSON is JSON', () => {
  for (const { path, code } of inLanguage('json')) assert.not.throws(() => JSON.parse(code), path)
})

test('YAML is YAML', () => {
  for (const { path, code } of inLanguage('yaml')) assert.not.throws(() => parse(code, { strict: true }), path)
})

test('Python programs have no syntax errors', () => {
  const programs = inLanguage('python').map(({ code }) => code)
  if (programs.length === 0 || spawnSync('python3', ['--version']).error) return
  const check = 'import ast, json, sys\nfor code in json.load(sys.stdin): ast.parse(code)'
  const { status, stderr } = spawnSync('python3', ['-c', check], { input: JSON.stringify(programs), encoding: 'utf8' })
  assert.is(status, 0, stderr)
})

test('every block of code is in a language that is checked', () => {
  const here = ['js', 'ts', 'html', 'json', 'yaml', 'python', 'sh']
  const inProjects = ['vue', 'jsx', 'tsx']
  const inDeployment = ['nginx', 'caddy', 'haproxy', 'dockerfile', 'ini']
  // Diagrams are not checked, because the parser of npm mermaid comes only with everything that draws. GitHub shows an
  // error instead of an invalid diagram.
  const checked = [...here, ...inProjects, ...inDeployment, 'mermaid']
  for (const { path, language } of blocks) assert.ok(checked.includes(language), `${path}: ${language}`)
  for (const { path, text } of all) assert.is((text.match(/^```/gm) ?? []).length % 2, 0, path)
})

test('every page in Chinese translates the current version of its English original', () => {
  const translations = all.filter(({ language }) => language === 'zh-CN')
  assert.ok(translations.length >= 7)
  for (const translation of translations) {
    const found = readTranslation(translation)
    const original = all.find(({ path }) => path === found?.original)
    assert.ok(original, translation.path)
    const hint = `${found?.original} has changed: adapt ${translation.path}, then npm run docs -- --translated ${translation.path}`
    assert.is(found?.version, versionOf(original!), hint)
  }
})

test('the version of a page changes with its words, and with nothing else', () => {
  const page = (text: string) => ({ path: 'x.md', language: 'en' as const, text })
  const before = versionOf(page('# A\n\none two\n\n```js\n1\n```\n'))
  assert.is(versionOf(page('# A\none\ntwo\n\n```js\n2\n```\n')), before)
  assert.is.not(versionOf(page('# A\n\none three\n\n```js\n1\n```\n')), before)
})

/** Returns a text without its blocks of code. */
function withoutCode(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, '')
}

/** Returns the anchors of a page, as GitHub derives them from the headings. */
function anchorsOf(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
