import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { insertCode } from './code.ts'
import { readDocuments } from './documents.ts'
import { drawSpeed, insertSpeed } from './speed.ts'
import { markAsCurrent, readTranslation } from './translations.ts'

/*
 * npm run docs: brings the documents up to date with the code of the examples and the figures of the benchmark.
 * npm run docs -- --translated PATH (repeatable): says that this translation has caught up with its original.
 */

const root = new URL('../../', import.meta.url)
const { values } = parseArgs({
  options: { translated: { type: 'string', multiple: true, default: [] } },
})
const documents = readDocuments()
const benchmark = documents.find(({ path }) => path === 'docs/benchmark.md')!.text
for (const { path, text } of documents) {
  const current = insertSpeed(insertCode(text), benchmark)
  if (current !== text) writeFileSync(new URL(path, root), current)
}
writeFileSync(new URL('docs/images/speed.svg', root), drawSpeed(benchmark))

for (const { path, text, language } of readDocuments()) {
  if (!values.translated.includes(path)) continue
  const translation = readTranslation({ path, text, language })
  const original = documents.find((document) => document.path === translation?.original)
  if (original === undefined) throw new Error(`${path} does not say which document it translates`)
  writeFileSync(new URL(path, root), markAsCurrent({ path, text, language }, original))
}
