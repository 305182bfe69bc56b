import { readFileSync } from 'node:fs'
import {
  carries,
  catalogue,
  findEntry,
  findRequirement,
  requirements,
  unexpandedEntries,
} from '../../../src/conformance/catalogue/index.ts'
import { quickCases } from '../../../src/conformance/catalogue/quick.ts'
import { clientSections, findCase, sections } from '../../../src/conformance/sections/index.ts'
import { assert, suite } from '../../support/unit.ts'

/** Groups that no section runs yet: clients over HTTP/2. */
const AWAITED: readonly string[] = ['client.h2']

interface DataRow {
  id: string
  side: string
  group: string
  title: string
  send: string
  expect: string
  class: string
  requirements: string[]
  autobahn: string | null
}

function readFixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../fixtures/conformance/${name}.json`, import.meta.url), 'utf8')) as T
}

const data = readFixture<{ cases: DataRow[]; autobahn: { ids: string[] } }>('cases')
const test = suite('conformance/catalogue')

test('the catalogue has every entry of the data, letter for letter and in its order', () => {
  const rows = unexpandedEntries.map(({ family: _family, ...entry }) => entry)
  assert.equal(
    rows.map(({ id }) => id),
    data.cases.map(({ id }) => id),
  )
  const byId = new Map(rows.map((row) => [row.id, row]))
  for (const row of data.cases) assert.equal(byId.get(row.id), row as never)
})

test('the requirements are those of the data', () => {
  const rules = readFixture<{ requirements: { id: string }[] }>('requirements').requirements
  assert.is(requirements.length, rules.length)
  for (const rule of rules) assert.equal(findRequirement(rule.id), rule as never)
})

test('every rule that a case names is known', () => {
  const unknown = catalogue.flatMap((entry) => entry.requirements.filter((id) => findRequirement(id) === undefined))
  assert.equal([...new Set(unknown)], [])
})

test('no case is stronger than the strongest statement that it names', () => {
  const weak = catalogue.filter((entry) => !entry.requirements.some((id) => carries(id, entry.class)))
  assert.equal(
    weak.map(({ id, class: kind, requirements: ids }) => `${kind} ${id}: ${ids.join(' ')}`),
    [],
  )
})

test('the parametrized entries become the 216 cases of Autobahn 12 and 13', () => {
  const expanded = catalogue.filter(({ group }) => group === 'pmd.ab')
  assert.is(expanded.length, 216)
  assert.is(findEntry('pmd.ab.json.7')?.autobahn, '12.1.7')
  assert.is(findEntry('pmd.ab.offer-three.18')?.autobahn, '13.7.18')
  assert.is(catalogue.filter(({ side }) => side === 'server').length, 1284)
})

test('the Autobahn ids of the server cases are exactly its 517', () => {
  const ids = catalogue
    .filter(({ side, autobahn }) => side === 'server' && autobahn !== null)
    .map((entry) => entry.autobahn)
  assert.equal(new Set(ids), new Set(data.autobahn.ids))
  assert.is(ids.length, 517)
})

test('every server entry runs but those of the groups that are awaited', () => {
  const server = catalogue.filter(({ side }) => side === 'server')
  const missing = server.filter(({ id, group }) => findCase(id) === undefined && !AWAITED.includes(group))
  assert.equal(
    missing.map(({ id }) => id),
    [],
  )
})

test('every client entry runs but those over HTTP/2, and the Autobahn ones whose server case is awaited', () => {
  const client = catalogue.filter(({ side, group }) => side === 'client' && !AWAITED.includes(group))
  const missing = client.filter(({ id }) => findCase(id) === undefined)
  const awaited = missing.filter(
    ({ id, group }) => group === 'client.ab' && findCase(id.replace(/^client\./, '')) === undefined,
  )
  assert.equal(missing, awaited)
})

test('each entry of Autobahn against clients becomes the cases of its family, under its ids', () => {
  const turned = catalogue.filter(({ group }) => group === 'client.ab')
  assert.equal(new Set(turned.map(({ autobahn }) => autobahn)), new Set(data.autobahn.ids))
  assert.is(turned.length, 517)
  assert.is(new Set(turned.map(({ family }) => family)).size, 11)
  assert.is(findEntry('client.close.valid-1010')?.class, 'info')
})

test('a group is awaited only while some of its entries do not run', () => {
  const written = AWAITED.filter((name) =>
    catalogue.every(({ id, group }) => group !== name || findCase(id) !== undefined),
  )
  assert.equal(written, [])
})

test('every case that runs is an entry of the catalogue, once', () => {
  const ids = sections.map(({ id }) => id)
  assert.equal(
    ids.filter((id) => findEntry(id)?.side !== 'server'),
    [],
  )
  assert.is(new Set(ids).size, ids.length)
})

test('every client case that runs is a client entry of the catalogue, once', () => {
  const ids = clientSections.map(({ id }) => id)
  assert.equal(
    ids.filter((id) => findEntry(id)?.side !== 'client'),
    [],
  )
  assert.is(new Set(ids).size, ids.length)
})

test('the preset quick names entries of the catalogue', () => {
  assert.equal(
    [...quickCases].filter((id) => findEntry(id) === undefined),
    [],
  )
})

test('no other case runs beside one that depends on timing, or beside its repetition', () => {
  const ids = [...sections, ...clientSections].filter(({ tags }) => tags?.includes('timing'))
  assert.ok(ids.length > 5)
  assert.equal(
    ids.filter(({ phase }) => phase !== 'alone' && phase !== 'last').map(({ id }) => id),
    [],
  )
})

test('cases whose bytes have to arrive segment by segment run alone, and their passes are confirmed', () => {
  const ids = ['len.header-dribble', 'len.header-splits', 'mask.key-split', 'utf8.split-segments', 'hs.ok.split-crlf']
  assert.equal(
    ids.filter((id) => findCase(id)?.phase !== 'alone' || !findCase(id)?.tags?.includes('timing')),
    [],
  )
})
