import { readFileSync } from 'node:fs'

const root = new URL('../../', import.meta.url)

/** A block of code that is a whole file of `examples/`, named by a comment in front of it. */
const markedBlock = /^<!-- (examples\/\S+) -->\n```(\w+)\n.*?^```$/gms

/** The document with the current code of the examples in it. */
export function insertCode(text: string): string {
  return text.replaceAll(markedBlock, (_, path, language) => {
    const code = readFileSync(new URL(path, root), 'utf8')
    return `<!-- ${path} -->\n\`\`\`${language}\n${code}\`\`\``
  })
}
