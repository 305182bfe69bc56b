import { writeFileSync } from 'node:fs'
import { insertCode } from './code.ts'
import { readDocuments } from './documents.ts'
import { drawSpeed, insertSpeed } from './speed.ts'

/* npm run docs: brings the documents up to date with the code of the examples and the figures of the benchmark. */

const root = new URL('../../', import.meta.url)
const documents = readDocuments()
const benchmark = documents.find(({ path }) => path === 'docs/benchmark.md')!.text
for (const { path, text } of documents) {
  const current = insertSpeed(insertCode(text), benchmark)
  if (current !== text) writeFileSync(new URL(path, root), current)
}
writeFileSync(new URL('docs/images/speed.svg', root), drawSpeed(benchmark))
