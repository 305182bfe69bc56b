import { readdirSync, readFileSync } from 'node:fs'
import { renderPage } from '../../../src/cli/demo/page.ts'
import { NAVIGATION, PAGES, type Page, type PageName } from '../../../src/cli/demo/page-list.ts'
import { createDemo } from '../../../src/cli/demo/site.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('demo site pages')

const folder = new URL('../../../src/cli/demo/', import.meta.url)
const pages = Object.entries(PAGES) as [PageName, Page][]
const unescapeHtml = (html: string): string => html.replaceAll('&lt;', '<').replaceAll('&amp;', '&')
const squeeze = (code: string): string => code.replace(/\s+/g, ' ').trim()

test('every page but the first shows the whole view that the server runs', async () => {
  for (const [name, { view }] of pages) {
    const code = /<pre[^>]*><code>(accept_websocket.*?)<\/code><\/pre>/s.exec(await renderPage(name))?.[1]
    assert.is(code === undefined, name === 'index', name)
    if (code === undefined || view === undefined) continue
    const source = readFileSync(new URL(`views/${view.file}`, folder), 'utf8')
    assert.ok(squeeze(source).includes(`return ${squeeze(unescapeHtml(code))} }`), name)
    assert.match(code, /\n\}(?:, \w+)?\)$/)
  }
})

test('every page has a title, a description, its script and one current entry in the navigation', async () => {
  for (const [name, { title, description, path, view }] of pages) {
    const html = await renderPage(name)
    assert.not.match(html, '{{')
    assert.match(html, `<title>${title}</title>`)
    assert.match(html, `content="${description}"`)
    assert.equal(html.match(/<a [^>]*aria-current="page"/g), [`<a href="${path}" aria-current="page"`])
    assert.is(html.includes(`<script type="module" src="/assets/${name}.js">`), view !== undefined)
  }
})

test('the navigation leads to paths of the site', () => {
  const { urls } = createDemo()
  for (const [path] of NAVIGATION) assert.ok(urls[path], path)
})

test('no page loads anything from another site or runs inline code', async () => {
  for (const [name] of pages) {
    const html = await renderPage(name)
    assert.not.match(html, /\b(?:src|href)="(?:[a-z]+:)?\/\//i, name)
    assert.not.match(html, /<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)/i, name)
  }
})

test('every asset that a page names exists', async () => {
  // The browser client is built.
  const assets = [...readdirSync(new URL('assets/', folder)), 'client.js']
  for (const [name] of pages) {
    const named = [...(await renderPage(name)).matchAll(/"\/assets\/([^"]+)"/g)].map((match) => match[1])
    for (const asset of named) assert.ok(assets.includes(asset), `${name} names ${asset}`)
  }
})
