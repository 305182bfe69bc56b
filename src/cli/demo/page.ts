import { readFile } from 'node:fs/promises'
import { NAVIGATION, PAGES, type Page, type PageName } from './page-list.ts'

/** A page as HTML, with the source of its view as it is on the disk now. */
export async function renderPage(name: PageName): Promise<string> {
  const page: Page = PAGES[name]
  const [layout, content] = await Promise.all([readPart('pages/layout.html'), readPart(`pages/${name}.html`)])
  const source = page.view === undefined ? '' : await renderSource(page.view)
  return fill(layout, {
    title: page.title,
    description: page.description,
    assets: assetsOf(name, page).join('\n    '),
    navigation: NAVIGATION.map(([path, label]) => navigationItem(path, label, page.path)).join('\n          '),
    content: fill(content, { source }),
  })
}

/** The view that a function returns, unindented: from `accept_websocket(` to its end. */
export function extractView(source: string, functionName: string): string {
  const lines = source.split('\n')
  const start = lines.findIndex((line) => line.includes(`function ${functionName}(`))
  const first = lines.findIndex((line, index) => index > start && /^ *return accept_websocket\(/.test(line))
  if (start < 0 || first < 0) throw new Error(`the function ${functionName} returns no view`)
  const indent = /^ */.exec(lines[first])![0]
  const last = lines.findIndex((line, index) => index > first && line.startsWith(`${indent}}`))
  const view = lines.slice(first, last + 1).map((line) => line.slice(indent.length))
  return view.join('\n').replace(/^return /, '')
}

async function renderSource({ file, name }: NonNullable<Page['view']>): Promise<string> {
  const [template, source] = await Promise.all([readPart('pages/source.html'), readPart(`views/${file}`)])
  return fill(template, { code: escapeHtml(extractView(source, name)) })
}

function assetsOf(name: string, { view, style }: Page): string[] {
  const styles = ['site.css', ...(style === undefined ? [] : [style])]
  return [
    ...styles.map((file) => `<link rel="stylesheet" href="/assets/${file}">`),
    ...(view === undefined ? [] : [`<script type="module" src="/assets/${name}.js"></script>`]),
  ]
}

function navigationItem(path: string, label: string, current: string): string {
  return `<li><a href="${path}"${path === current ? ' aria-current="page"' : ''}>${label}</a></li>`
}

/** Replaces each `{{name}}` of a template; the values are not searched again. */
function fill(template: string, values: Record<string, string>): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => values[name])
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

/** The build copies `pages/` and the sources in `views/` beside the compiled files. */
function readPart(path: string): Promise<string> {
  return readFile(new URL(path, import.meta.url), 'utf8')
}
