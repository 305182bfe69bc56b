import { readdirSync, readFileSync } from 'node:fs'
import { readDocuments } from '../../docs/make/documents.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('plain language')
const root = new URL('../../', import.meta.url)

/** Phrases that a reader stumbles over, each with the words that replace it. */
const phrases: ReadonlyArray<readonly [phrase: RegExp, instead: string]> = [
  [/\bfor ?ever\b/i, 'indefinitely'],
  [/\b(?:gives?|gave) up\b/i, 'stops trying, closes'],
  [/\blets? go of\b/i, 'releases'],
  [/\b(?:is|are) to be\b/i, 'must be, is'],
  [/\bas (?:it|they) comes?\b/i, 'unchanged, when it arrives'],
  [/\b(?:is|are|was|were) told\b/i, 'is notified, is called'],
  [/\bpages? of (?:an)?other origins?\b/i, 'page from another origin'],
]

/** Returns the lines of a source file that are comments. */
function commentLines(source: string): string {
  return source
    .split('\n')
    .filter((line) => /^\s*(?:\/\/|\/?\*)/.test(line))
    .join('\n')
}

function readTexts(): [path: string, text: string][] {
  const pages = readDocuments().filter(({ language }) => language === 'en')
  const files = ['SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md']
  const sources = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `src/${path.replaceAll('\\', '/')}`)
  const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
  return [
    ...pages.map(({ path, text }): [string, string] => [path, text]),
    ...files.map((path): [string, string] => [path, read(path)]),
    ...sources.map((path): [string, string] => [path, commentLines(read(path))]),
  ]
}

for (const [phrase, instead] of phrases) {
  test(`documents and comments say “${instead}”, not ${phrase.source}`, () => {
    const found = readTexts().filter(([, text]) => phrase.test(text.replaceAll(/\s+/g, ' ')))
    assert.equal(
      found.map(([path]) => path),
      [],
    )
  })
}

test('comments are found, code is not', () => {
  assert.equal(commentLines("/** One. */\nconst a = 'b' // c\n  // two\n * three"), '/** One. */\n  // two\n * three')
})
