import { readdirSync, readFileSync } from 'node:fs'
import { assert, suite } from '../../support/unit.ts'

const test = suite('demo site pages')

const folder = new URL('../../../src/cli/demo/', import.meta.url)
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8')
const pages = readdirSync(new URL('pages/', folder)).filter((name) => name.endsWith('.html'))
const squeeze = (code: string): string => code.replace(/\s+/g, ' ').trim()

test('every page that shows its view shows what the server runs', () => {
  const sources = readdirSync(folder).filter((name) => name.endsWith('.ts'))
  const source = squeeze(sources.map(read).join('\n'))
  const shown = pages.filter((name) => {
    const code = /<pre[^>]*><code>(.*?)<\/code><\/pre>/s.exec(read(`pages/${name}`))?.[1]
    if (code === undefined) return false
    assert.ok(source.includes(squeeze(code.replaceAll('&lt;', '<').replaceAll('&amp;', '&'))), name)
    return true
  })
  assert.equal(
    shown,
    pages.filter((name) => name !== 'index.html'),
  )
})

test('no page asks for anything from another site or runs inline code', () => {
  for (const name of pages) {
    const html = read(`pages/${name}`)
    assert.not.match(html, /\b(?:src|href)="(?:[a-z]+:)?\/\//i, name)
    assert.not.match(html, /<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)/i, name)
  }
})

test('every asset that a page names is there', () => {
  // The browser client is built.
  const assets = [...readdirSync(new URL('pages/', folder)), 'client.js']
  for (const name of pages) {
    const named = [...read(`pages/${name}`).matchAll(/"\/assets\/([^"]+)"/g)].map((match) => match[1])
    for (const asset of named) assert.ok(assets.includes(asset), `${name} names ${asset}`)
  }
})
