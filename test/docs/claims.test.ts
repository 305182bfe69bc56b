import { readFileSync } from 'node:fs'
import { readDocuments } from '../../docs/make/documents.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('claims with a number')
const security = readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8')
const documents = [...readDocuments(), { path: 'SECURITY.md', text: security }]

/** Units that occur only in measurements: ratios, shares, microseconds, results of a run. */
const measuredUnit =
  /\d ?(?:×|%|倍|[µn]s\b)|\d times (?:as|more|less|faster|slower)\b|\b\d+ passed\b|\d of \d[\d.,]* ?[KMG]i?B\b/
/**
 * Units that also occur in limits and defaults. A sentence with them claims a measurement only with one of these verbs.
 */
const otherUnit = /\d ?(?:[KMG]i?B|B|ms|s|bytes|seconds)\b/
const measuringVerb = /\b(?:about|measured|grew|grows|took|costs?|weighs?)\b|[大约]约/
/** A command that a reader can repeat, or the page that has a command beside each figure. */
const command = /\b(?:npm (?:run|test|pack)|npx (?:--yes )?dwebsocket|node --import)\b|\]\([^)]*benchmark\.md/

/** Returns whether a sentence, a table row or a list item states a measurement. */
function isClaim(sentence: string): boolean {
  return measuredUnit.test(sentence) || (otherUnit.test(sentence) && measuringVerb.test(sentence))
}

/** Returns the claims of a page by the text of their sections. */
function claimsBySection(text: string): Map<string, string[]> {
  const sections = text
    .replaceAll(/^(```\w*)\n(.*?)^```$/gms, (block) => block.replaceAll(/^#/gm, ' #'))
    .split(/^(?=#+ )/m)
  return new Map(sections.map((section) => [section, sentencesOf(section).filter(isClaim)]))
}

/** Returns the sentences, table rows and list items of a section, without its code. */
function sentencesOf(section: string): string[] {
  return section
    .replaceAll(/^```.*?^```$/gms, '')
    .replaceAll(/`[^`\n]*`/g, '')
    .split(/(?<=[.:;?!])\s|(?<=[。；：])|\n(?=[|\-\d])|\n\n/)
}

test('each has a command in its section, or a link to the benchmark', () => {
  for (const { path, text } of documents) {
    for (const [section, claims] of claimsBySection(text)) {
      if (claims.length > 0) assert.ok(command.test(section), `${path} claims without a command: ${claims.join(' … ')}`)
    }
  }
})

test('the benchmark gives its command', () => {
  assert.match(documents.find(({ path }) => path === 'docs/benchmark.md')!.text, /Repeat with `npm run bench/)
})

test('ratios, shares and results are claims; limits and defaults are not', () => {
  for (const claim of [
    'It is 3× faster.',
    'A third, 33 %.',
    'It takes 4 µs.',
    '822 passed',
    'the tester is 2 of 3 MB',
    'An idle connection uses about 5 KiB.',
  ]) {
    assert.ok(isClaim(claim), claim)
  }
  for (const limit of ['`maxMessageSize` is 1 MiB.', 'Pings are sent after 25 s of silence.', 'four times a day']) {
    assert.not.ok(isClaim(limit), limit)
  }
  assert.equal([...claimsBySection('# A\n\n1 MiB.\n\n```sh\n# 3× faster\n```\n').values()].flat(), [])
  assert.equal([...claimsBySection('# A\n\nThe\nserver is 3× faster. So.\n').values()].flat(), [
    'The\nserver is 3× faster.',
  ])
})
