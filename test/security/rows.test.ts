import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assert, suite } from '../support/unit.ts'

const test = suite('security rows')

const root = fileURLToPath(new URL('..', import.meta.url))
const rows: { id: string; about: string }[] = JSON.parse(
  readFileSync(join(root, 'fixtures/security-rows.json'), 'utf8'),
)

/** Rows about what this package does not have, each with the reason. A row with a test must not be in this table. */
const absent: Readonly<Record<string, string>> = {}

/** Returns the ids in the titles of all tests. One title may have several ids. */
function titledIds(): Set<string> {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.ts'))
  const titles = files.flatMap((name) => [
    ...readFileSync(join(root, name), 'utf8').matchAll(/^ *(?:test|testWith\([^)]*\))\(\s*(['"`])(.*?)\1/gms),
  ])
  return new Set(titles.flatMap(([, , title]) => title.match(/\bS-\d\d\b/g) ?? []))
}

test('the rows are S-01 to S-58', () => {
  assert.equal(
    rows.map(({ id }) => id),
    Array.from({ length: 58 }, (_, i) => `S-${String(i + 1).padStart(2, '0')}`),
  )
})

test('every row is in the title of a test, or in the table of absent features', () => {
  const titled = titledIds()
  const missing = rows.filter(({ id }) => !titled.has(id) && absent[id] === undefined)
  assert.equal(missing, [])
  assert.equal(
    Object.keys(absent).filter((id) => titled.has(id)),
    [],
  )
})
