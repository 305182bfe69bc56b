import { readFile } from 'node:fs/promises'
import { escapeHtml, highlight } from './highlight.ts'
import { type Language, readTexts, type Texts } from './language.ts'
import { NAVIGATION, PAGES, type Page, type PageName } from './page-list.ts'

/**
 * Returns a page as HTML, made from the templates in `pages/`, in which `{{name}}` is a value, `{{> name}}` the file
 * `pages/parts/name.html`, and `[[text]]` a text that is translated. The sources are shown as they are on the disk now.
 */
export async function renderPage(name: PageName, language: Language = 'en'): Promise<string> {
  const page: Page = PAGES[name]
  const texts = readTexts(language, name)
  const translate = (text: string): string => texts[text] ?? text
  const [layout, template] = await Promise.all([readPart('pages/layout.html'), readPart(`pages/${name}.html`)])
  const content = await includeParts(template)
  const source = page.sources === undefined ? '' : await renderSources(page.sources, texts)
  const title = translate(page.title)
  return fill(
    layout,
    {
      language,
      title: title === 'dwebsocket' ? title : `${title} · dwebsocket`,
      description: translate(page.description),
      assets: assetsOf(name, page).join('\n    '),
      texts: JSON.stringify(texts).replaceAll('<', '\\u003c'),
      navigation: NAVIGATION.map(([path, label]) => navigationItem(path, translate(label), page.path)).join(
        '\n          ',
      ),
      content: fill(content, { source }, texts),
    },
    texts,
  )
}

async function renderSources({ server, browser }: NonNullable<Page['sources']>, texts: Texts): Promise<string> {
  const [template, ...halves] = await Promise.all([
    readPart('pages/source.html'),
    ...[server, browser].map((paths) =>
      Promise.all(paths.map((path, index) => renderSource(path, index === 0, texts))),
    ),
  ])
  return fill(template, { server: halves[0].join('\n'), browser: halves[1].join('\n') }, texts)
}

async function renderSource(path: string, isOpen: boolean, texts: Texts): Promise<string> {
  const [template, source] = await Promise.all([readPart('pages/source-file.html'), readPart(path)])
  const name = path.slice(path.lastIndexOf('/') + 1)
  return fill(
    template,
    { open: isOpen ? ' open' : '', name: escapeHtml(name), code: highlight(source.trimEnd()) },
    texts,
  )
}

function assetsOf(name: string, { sources, style }: Page): string[] {
  const styles = ['site.css', ...(style === undefined ? [] : [style])]
  const scripts = sources === undefined ? [] : [`${name}.js`, 'source.js']
  return [
    ...styles.map((file) => `<link rel="stylesheet" href="/assets/${file}">`),
    ...scripts.map((file) => `<script type="module" src="/assets/${file}"></script>`),
  ]
}

function navigationItem(path: string, label: string, current: string): string {
  return `<li><a href="${path}"${path === current ? ' aria-current="page"' : ''}>${label}</a></li>`
}

/** Replaces each `{{> name}}`, including those in the parts themselves. */
async function includeParts(template: string): Promise<string> {
  const names = [...template.matchAll(/\{\{> ([\w-]+)\}\}/g)].map(([, name]) => name)
  if (names.length === 0) return template
  const parts = new Map(
    await Promise.all(
      names.map(async (name) => [name, (await readPart(`pages/parts/${name}.html`)).trimEnd()] as const),
    ),
  )
  return includeParts(template.replaceAll(/\{\{> ([\w-]+)\}\}/g, (_, name: string) => parts.get(name)!))
}

/** Replaces each `{{name}}` and translates each `[[text]]` of a template; the values are not searched again. */
function fill(template: string, values: Record<string, string>, texts: Texts): string {
  return template.replaceAll(/\{\{(\w+)\}\}|\[\[(.+?)\]\]/g, (_, name: string | undefined, text: string) =>
    name === undefined ? (texts[text] ?? text) : values[name],
  )
}

/** The build copies the templates, the texts and the shown sources beside the compiled files. */
function readPart(path: string): Promise<string> {
  return readFile(new URL(path, import.meta.url), 'utf8')
}
