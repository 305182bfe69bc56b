import { readdirSync, readFileSync } from 'node:fs'

const root = new URL('../../', import.meta.url)

/** A Markdown file for users. */
export interface Document {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
  readonly language: 'en' | 'zh-CN'
}

/** The README and everything in `docs/`, in both languages. */
export function readDocuments(): Document[] {
  const pages = readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' })
    .map((path) => `docs/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.md') && !/^docs\/(api|make)\//.test(path))
    .toSorted()
  const readmes = readdirSync(root).filter((path) => /^README.*\.md$/.test(path))
  return [...readmes, ...pages].map((path) => ({
    path,
    text: readFileSync(new URL(path, root), 'utf8'),
    language: path.includes('zh-CN') ? 'zh-CN' : 'en',
  }))
}
