import { createHash } from 'node:crypto'
import type { Document } from './documents.ts'

/** The first line of a translation: what it translates, and which version of that. */
const mark = /^<!-- translates (\S+) ([0-9a-f]{12}) -->\n/

/** The original that a document translates, and the version that it had then; `null` when it is no translation. */
export function readTranslation({ text }: Document): { original: string; version: string } | null {
  const [, original, version] = mark.exec(text) ?? []
  return original === undefined ? null : { original, version }
}

/** The version of a document: changes with its words, not with its code, its figures or its line breaks. */
export function versionOf({ text }: Document): string {
  const words = text
    .replaceAll(/^```.*?^```$/gms, '')
    .replace(/<!-- speed:rows -->.*?<!-- speed:end -->/s, '')
    .replaceAll(/\s+/g, ' ')
  return createHash('sha256').update(words).digest('hex').slice(0, 12)
}

/** The text of a translation that says that it is up to date. */
export function markAsCurrent(translation: Document, original: Document): string {
  const head = `<!-- translates ${original.path} ${versionOf(original)} -->\n`
  return translation.text.replace(mark, head)
}
