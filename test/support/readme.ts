import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { WebSocketServer } from '../../src/server/server.ts'
import type { TestContext } from './unit.ts'
import { hostOf } from './ws-client.ts'

/** The text of the README. */
export const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

/** A block of code in the README. */
export interface CodeBlock {
  /** The nearest heading above. */
  readonly heading: string
  readonly language: string
  readonly code: string
}

/** Every block of code, in order. */
export const blocks: readonly CodeBlock[] = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map((match) => ({
  heading: readme
    .slice(0, match.index)
    .match(/^#+ .*$/gm)!
    .at(-1)!
    .replace(/^#+ /, ''),
  language: match[1],
  code: match[2],
}))

/** The programs under a heading: blocks that a reader may run as they stand. */
export function programs(heading?: string): CodeBlock[] {
  return blocks.filter(
    ({ language, heading: own }) => ['js', 'ts'].includes(language) && (heading === undefined || own === heading),
  )
}

/** The rows of every table of the README whose head begins with these cells, as cells. */
export function tableRows(...head: string[]): string[][] {
  const cells = (line: string): string[] =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
  const tables = [...readme.matchAll(/(?:^\|.*\|\n)+/gm)].map(([table]) => table.trim().split('\n').map(cells))
  const found = tables.filter(([first]) => head.every((cell, i) => first[i] === cell))
  if (found.length === 0) throw new Error(`no table with the head ${head.join(', ')}`)
  return found.flatMap((rows) => rows.slice(2))
}

/** The words in `code` font of a text, blocks of code left out. */
export function codeWords(text: string): string[] {
  return [...text.replaceAll(/^```.*?^```$/gms, '').matchAll(/`([^`]+)`/g)].map((match) => match[1])
}

const doors: Record<string, string> = {
  dwebsocket: new URL('../../src/index.ts', import.meta.url).href,
  'dwebsocket/core': new URL('../../src/index-core.ts', import.meta.url).href,
  'dwebsocket/client': new URL('../../src/client/browser.ts', import.meta.url).href,
}

/**
 * Runs a program unchanged, but on this source, on a free port and until the test ends: `http://127.0.0.1:1234`.
 * Its last server is found by the line that lets it listen.
 */
export async function runProgram(t: TestContext, { code, language }: CodeBlock): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'readme-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, `program.m${language}`)
  const listening = /^(?:await )?(\w+)\.listen\((?:8000|9001)\)$/m
  if (!listening.test(code)) throw new Error('the program does not listen')
  const linked = code
    .replaceAll(/ from '([^']+)'/g, (_, name) => ` from '${doors[name] ?? import.meta.resolve(name)}'`)
    .replace(listening, 'export const listening = $1')
    // The test itself is not to be ended by a signal.
    .replace(/^process\.once.*$/m, '')
  writeFileSync(file, linked)
  const { listening: server } = (await import(pathToFileURL(file).href)) as { listening: WebSocketServer | Server }
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
