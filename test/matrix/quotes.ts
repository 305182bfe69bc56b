import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKS, STOP } from './checks.ts'

/*
 * node --import tsx test/matrix/quotes.ts FOLDER: prints each quotation of checks.ts that is not letter for letter in
 * FOLDER/rfc6455.txt, rfc7692.txt, rfc9110.txt or rfc9112.txt, as the RFC Editor publishes them.
 */

const [folder] = process.argv.slice(2)

/** Returns the text without page breaks and without comment marks in grammars, with single spaces. */
function read(number: string): string {
  const text = readFileSync(join(folder, `rfc${number}.txt`), 'latin1')
  return text
    .replaceAll(/\n+\S.*\[Page \d+\]\n\f?\n?RFC \d+.*\n+/g, '\n')
    .replaceAll(/\n *;/g, '\n')
    .replaceAll(/\s+/g, ' ')
}

const texts = new Map(['6455', '7692', '9110', '9112'].map((number) => [number, read(number)]))
let wrong = 0
for (const { rule, text } of [...CHECKS, { rule: 'RFC 6455 §4.2.1', text: STOP }]) {
  const named = [...texts].filter(([number]) => rule.includes(number)).map(([, whole]) => whole)
  for (const sentence of text.split(/ · | …/).map((part) => part.trim())) {
    if (named.some((whole) => whole.includes(sentence))) continue
    console.log(`${rule}: ${sentence}`)
    wrong++
  }
}
console.log(`${CHECKS.length} checks, ${wrong} quotations that are not in the text`)
process.exitCode = wrong === 0 ? 0 : 1
