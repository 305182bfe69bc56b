import { readdirSync, readFileSync } from 'node:fs'
import { chooseLanguage, readTexts, type Texts } from '../../../src/cli/demo/language.ts'
import { renderPage } from '../../../src/cli/demo/page.ts'
import { NAVIGATION, PAGES, type Page, type PageName } from '../../../src/cli/demo/page-list.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('demo site languages')

const folder = new URL('../../../src/cli/demo/', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, folder), 'utf8')
const pages = Object.entries(PAGES) as [PageName, Page][]

/** Returns the texts of a template. */
const textsOfTemplate = (path: string): string[] => [...read(path).matchAll(/\[\[(.+?)\]\]/g)].map((match) => match[1])

/** Returns the literals of each `t(…)` in a script. */
const textsOfScript = (path: string): string[] =>
  [...read(path).matchAll(/\bt\(\s*(?:[^'()]+ \? )?'([^']+)'(?: : '([^']+)')?/g)].flatMap(([, ...texts]) =>
    texts.filter((text) => text !== undefined),
  )

/** The templates of the notes that the service desk sends to its pages. */
const DESK_NOTES = ['service-desk.ts', 'views/desk.ts'].flatMap((path) =>
  [...read(path).matchAll(/'(\{0\}[^']*)'/g)].map((match) => match[1]),
)

const COMMON = [
  'pages/layout.html',
  'pages/source.html',
  'pages/source-file.html',
  ...readdirSync(new URL('pages/parts/', folder)).map((name) => `pages/parts/${name}`),
].flatMap(textsOfTemplate)

/** Returns all texts that a page may show. */
function textsOfPage(name: PageName, { title, description, sources }: Page): Set<string> {
  const scripts = sources?.browser ?? []
  return new Set([
    ...COMMON,
    ...NAVIGATION.map(([, label]) => label),
    ...(title === 'dwebsocket' ? [] : [title]),
    description,
    ...textsOfTemplate(`pages/${name}.html`),
    ...[...scripts, ...(sources === undefined ? [] : ['assets/texts.js', 'assets/source.js'])].flatMap(textsOfScript),
    ...(name.startsWith('desk') ? DESK_NOTES : []),
  ])
}

test('a browser gets the language that it prefers, and English when it prefers neither', () => {
  for (const [field, expected] of [
    [undefined, 'en'],
    ['', 'en'],
    ['de-DE,de;q=0.9', 'en'],
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh-CN'],
    ['zh-TW', 'zh-CN'],
    ['en-US,en;q=0.9,zh-CN;q=0.8', 'en'],
    ['en;q=0.5, zh;q=0.8', 'zh-CN'],
    ['de, zh;q=0', 'en'],
    ['ZH-hans', 'zh-CN'],
    ['*', 'en'],
  ] as const) {
    assert.is(chooseLanguage(field), expected, String(field))
  }
})

test('every text of every page is translated, with the same placeholders and links', () => {
  for (const [name, page] of pages) {
    const texts = readTexts('zh-CN', name)
    for (const text of textsOfPage(name, page)) {
      assert.ok(texts[text], `${name}: ${text}`)
      for (const pattern of [/\{\d\}/g, /href="[^"]+"/g, /<\/?\w+/g]) {
        assert.equal((texts[text].match(pattern) ?? []).sort(), (text.match(pattern) ?? []).sort(), `${name}: ${text}`)
      }
    }
  }
})

test('every translation is of a text that a page has', () => {
  const files = readdirSync(new URL('texts/zh-CN/', folder)).map((file) => file.replace('.json', ''))
  assert.equal(files.sort(), ['common', ...Object.keys(PAGES)].sort())
  const all = new Set(pages.flatMap(([name, page]) => [...textsOfPage(name, page)]))
  for (const file of files) {
    const known = file === 'common' ? all : textsOfPage(file as PageName, PAGES[file as PageName])
    const table: Texts = JSON.parse(read(`texts/zh-CN/${file}.json`))
    for (const text of Object.keys(table)) assert.ok(known.has(text), `${file}: ${text}`)
  }
})

test('a page in Chinese says so and has no English sentence left', async () => {
  for (const [name] of pages) {
    const html = await renderPage(name, 'zh-CN')
    assert.match(html, '<html lang="zh-CN">')
    const text = html.replaceAll(/<(pre|script|code|kbd).*?<\/\1>/gs, '').replaceAll(/<[^>]+>/g, ' ')
    assert.equal(text.match(/[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}/g), null, name)
  }
})
