import { readdirSync, readFileSync } from 'node:fs'
import { renderPage } from '../../../src/cli/demo/page.ts'
import { NAVIGATION, PAGES, type Page, type PageName } from '../../../src/cli/demo/page-list.ts'
import { createDemo } from '../../../src/cli/demo/site.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('demo site pages')

const folder = new URL('../../../src/cli/demo/', import.meta.url)
const pages = Object.entries(PAGES) as [PageName, Page][]
const unescapeHtml = (html: string): string =>
  html
    .replaceAll(/<[^>]+>/g, '')
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&')

test('every page but the first shows the files that it runs, whole and unchanged', async () => {
  for (const [name, { sources }] of pages) {
    const shown = [...(await renderPage(name)).matchAll(/<pre[^>]*><code>(.*?)<\/code><\/pre>/gs)].map(([, code]) =>
      unescapeHtml(code),
    )
    const paths = sources === undefined ? [] : [...sources.server, ...sources.browser]
    assert.equal(
      shown,
      paths.map((path) => readFileSync(new URL(path, folder), 'utf8').trimEnd()),
      name,
    )
    assert.is(paths.length === 0, name === 'index', name)
  }
})

test('the shown files are the view of the path and the script of the page, the main ones first', () => {
  const site = readFileSync(new URL('site.ts', folder), 'utf8')
  for (const [name, { sources }] of pages) {
    if (sources === undefined) continue
    assert.is(sources.browser[0], `assets/${name}.js`)
    const view = readFileSync(new URL(sources.server[0], folder), 'utf8')
    const exported = [...view.matchAll(/^export function (\w+)/gm)].map((match) => match[1])
    assert.ok(
      exported.some((one) => site.includes(`views.${one}(`)),
      `${sources.server[0]} exports none of the views of the site`,
    )
  }
})

test('every page has a title, a description, its scripts and one current entry in the navigation', async () => {
  for (const [name, { title, description, path, sources }] of pages) {
    const html = await renderPage(name)
    assert.not.match(html.replaceAll(/<pre.*?<\/pre>/gs, ''), /\{\{|\[\[/)
    assert.match(html, name === 'index' ? '<title>dwebsocket</title>' : `<title>${title} · dwebsocket</title>`)
    assert.match(html, `content="${description}"`)
    assert.equal(html.match(/<a [^>]*aria-current="page"/g), [`<a href="${path}" aria-current="page"`])
    for (const script of [`${name}.js`, 'source.js']) {
      assert.is(html.includes(`<script type="module" src="/assets/${script}">`), sources !== undefined)
    }
  }
})

test('the navigation leads to paths of the site', () => {
  const { urls } = createDemo()
  for (const [path] of NAVIGATION) assert.ok(urls[path], path)
})

test('no page loads anything from another site or runs inline code', async () => {
  for (const [name] of pages) {
    for (const language of ['en', 'zh-CN'] as const) {
      const html = (await renderPage(name, language)).replaceAll(/<script type="application\/json"/g, '')
      assert.not.match(html, /\b(?:src|href)="(?:[a-z]+:)?\/\//i, name)
      assert.not.match(
        html.replaceAll(/<pre.*?<\/pre>/gs, ''),
        /<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)/i,
        name,
      )
    }
  }
})

test('every asset that a page names exists', async () => {
  // The browser client is one of the built files.
  const assets = [...readdirSync(new URL('assets/', folder)), 'client.js']
  for (const [name] of pages) {
    const named = [...(await renderPage(name)).matchAll(/"\/assets\/([^"]+)"/g)].map((match) => match[1])
    for (const asset of named) assert.ok(assets.includes(asset), `${name} names ${asset}`)
  }
})
