import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Document, readDocuments } from '../../docs/make/documents.ts'
import type { WebSocketServer } from '../../src/server/server.ts'
import type { TestContext } from './unit.ts'
import { hostOf } from './ws-client.ts'

/** The documents in English. */
export const documents: readonly Document[] = readDocuments().filter(({ language }) => language === 'en')

/** The text of the README. */
export const readme = documents.find(({ path }) => path === 'README.md')!.text

/** The text of all documents in English. */
export const wholeText = documents.map(({ text }) => text).join('\n')

/** A block of code in a document. */
export interface CodeBlock {
  /** The document. */
  readonly path: string
  /** The nearest heading above; empty without one. */
  readonly heading: string
  readonly language: string
  readonly code: string
  /** The file of `examples/` that the block shows; `null` without one. */
  readonly example: string | null
}

/** Returns every block of code of a document, in order. */
export function blocksOf({ path, text }: Document): CodeBlock[] {
  return [...text.matchAll(/^(?:<!-- (examples\/\S+) -->\n)?```(\w+)\n(.*?)^```$/gms)].map((match) => ({
    path,
    heading: (
      text
        .slice(0, match.index)
        .match(/^#+ .*$/gm)
        ?.at(-1) ?? ''
    ).replace(/^#+ /, ''),
    language: match[2],
    code: match[3],
    example: match[1] ?? null,
  }))
}

/** Every block of code in English. */
export const blocks: readonly CodeBlock[] = documents.flatMap(blocksOf)

/** Returns the first block in this language in the English documents, for example the settings of a proxy. */
export function findRecipe(language: string): CodeBlock {
  const recipe = blocks.find((block) => block.language === language)
  if (recipe === undefined) throw new Error(`the documents have no block of ${language}`)
  return recipe
}

/**
 * Returns whether a block belongs to an example that is a project of its own, with settings or dependencies. Separate
 * tests run it.
 */
export const isPartOfProject = ({ example }: CodeBlock): boolean =>
  /^examples\/(?:nestjs|next|vite)\//.test(example ?? '')

/** Returns the programs of one document or of all documents: blocks of JavaScript and TypeScript. */
export function programs(path?: string): CodeBlock[] {
  return blocks.filter(
    (block) =>
      ['js', 'ts'].includes(block.language) && !isPartOfProject(block) && (path === undefined || block.path === path),
  )
}

/** Returns the cells of each row of every table whose head begins with these cells. */
export function tableRows(...head: string[]): string[][] {
  const cells = (line: string): string[] =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
  const tables = [...wholeText.matchAll(/(?:^\|.*\|\n)+/gm)].map(([table]) => table.trim().split('\n').map(cells))
  const found = tables.filter(([first]) => head.every((cell, i) => first[i] === cell))
  if (found.length === 0) throw new Error(`no table with the head ${head.join(', ')}`)
  return found.flatMap((rows) => rows.slice(2))
}

/** Returns the words of a text in `code` font, without its blocks of code. */
export function codeWords(text: string): string[] {
  return [...text.replaceAll(/^```.*?^```$/gms, '').matchAll(/`([^`]+)`/g)].map((match) => match[1])
}

const doors: Record<string, string> = {
  dwebsocket: new URL('../../src/index.ts', import.meta.url).href,
  'dwebsocket/core': new URL('../../src/index-core.ts', import.meta.url).href,
  'dwebsocket/redis': new URL('../../src/index-redis.ts', import.meta.url).href,
  'dwebsocket/client': new URL('../../src/client/browser.ts', import.meta.url).href,
}

const root = new URL('../../', import.meta.url)

/** The part of Fastify that is used here. */
interface FastifyApp {
  ready: unknown
  listen(options: { host: string; port: number }): Promise<string>
  close(): unknown
}

/** What the programs call `listen` on. */
type Listening = WebSocketServer | Server | FastifyApp

const listening = /^(?:await )?([\w.]+)\.listen\((?:8000|9001|\{ port: 8000 \})\)$/m

/** Returns whether a program is a server that `runProgram` can start. */
export const isServer = ({ code }: CodeBlock): boolean => listening.test(code)

/** Writes a program into a new folder, linked to this source, with the other files of its example beside it. */
export function writeProgram(t: TestContext, { code, language, example }: CodeBlock): URL {
  const folder = mkdtempSync(join(tmpdir(), 'documents-'))
  t.after(() => rmSync(folder, { recursive: true }))
  if (code.includes('localhost.key'))
    cpSync(fileURLToPath(new URL('test/fixtures/tls', root)), folder, { recursive: true })
  // A program may resolve the path of a file of the package.
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(fileURLToPath(root), join(folder, 'node_modules/dwebsocket'), 'junction')
  if (example !== null) {
    const files = fileURLToPath(new URL(dirname(example), root))
    cpSync(files, folder, { recursive: true, filter: (path) => !path.includes('node_modules', files.length) })
  }
  const linked = code
    .replaceAll(/ from '([^'.]+)'/g, (_, name) => ` from '${doors[name] ?? import.meta.resolve(name)}'`)
    .replace(listening, 'export const listening = $1')
    // Other tests may use the port of the document at the same time.
    .replaceAll(/\{ port: \d+/g, '{ port: 0')
    // A signal must not end the test itself.
    .replace(/^process\.once.*$/m, '')
  const file = join(folder, `program.m${language}`)
  writeFileSync(file, linked)
  return pathToFileURL(file)
}

/** Returns the program with this path in `examples/`. */
export function readExample(path: string): CodeBlock {
  const example = `examples/${path}`
  const code = readFileSync(new URL(example, root), 'utf8')
  return { path: example, heading: '', language: 'js', code, example }
}

/**
 * Runs a program until the test ends, unchanged except that it uses this source and a free port. Resolves to its
 * address, such as `http://127.0.0.1:1234`. The last line that calls `listen` determines the server.
 */
export async function runProgram(t: TestContext, program: CodeBlock): Promise<string> {
  if (!isServer(program)) throw new Error(`the program does not listen:\n${program.code}`)
  const { listening: server } = (await import(writeProgram(t, program).href)) as { listening: Listening }
  if ('ready' in server) {
    t.after(() => server.close())
    return server.listen({ host: '127.0.0.1', port: 0 })
  }
  if ('attach' in server) {
    t.after(() => server.close())
    return `http://${hostOf(await server.listen())}`
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://${hostOf(server.address())}`
}
