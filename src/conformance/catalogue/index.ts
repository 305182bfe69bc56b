import type { CaseClass } from '../result.ts'
import { client } from './client.ts'
import { closing } from './closing.ts'
import { deflate } from './deflate.ts'
import { framing } from './framing.ts'
import { http2 } from './http2.ts'
import { load } from './load.ts'
import { openingHandshake } from './opening-handshake.ts'
import { requirementRows } from './requirements.ts'
import { text } from './text.ts'

/** id, class, title, sent, expected, requirements (blank between), Autobahn id or nothing. */
export type Row = [string, CaseClass, string, string, string, string, string]

/** id, section, level, who it binds, statement, how it shows on the wire. */
export type RequirementRow = [string, string, string, string, string, string]

/** One case of the catalogue: what is sent, what is expected and which rules it looks at. */
export interface CatalogueEntry {
  id: string
  side: 'server' | 'client'
  group: string
  class: CaseClass
  title: string
  send: string
  expect: string
  requirements: string[]
  /** The id in the Autobahn testsuite, which `ab:` selects. */
  autobahn: string | null
  /** The row of the data that this case was expanded from (only the parametrised Autobahn families). */
  row: string
}

/** One normative statement of an RFC. */
export interface Requirement {
  id: string
  rfc: string
  section: string
  level: string
  who: string
  statement: string
  wire: string
}

/** Version of the catalogue; it grows when rows are added, renamed or judged otherwise. */
export const CATALOGUE_VERSION = 1

const groups: Record<string, Row[]> = {
  ...openingHandshake,
  ...framing,
  ...text,
  ...closing,
  ...load,
  ...deflate,
  ...http2,
  ...client,
}

/** The groups in the order of the catalogue. */
export const groupNames: readonly string[] = [
  'hs.ok',
  'hs.resp',
  'hs.method',
  'hs.host',
  'hs.upgrade',
  'hs.connection',
  'hs.key',
  'hs.ver',
  'hs.proto',
  'hs.ext',
  'hs.syntax',
  'hs.limit',
  'hs.tls',
  'len',
  'mask',
  'rsv',
  'op',
  'ctl',
  'ping',
  'frag',
  'utf8',
  'close',
  'perf',
  'misc',
  'pmd.neg',
  'pmd.frame',
  'pmd.data',
  'pmd.limit',
  'pmd.ab',
  'robust',
  'h2',
  'inv',
  'client.req',
  'client.resp',
  'client.ab',
  'client.frame',
  'client.close',
  'client.h2',
]

/** Every row of the data as it is written there, without expansion of the parametrised ones. */
export const catalogueRows: readonly CatalogueEntry[] = groupNames.flatMap((group) =>
  groups[group].map((row) => entryOf(group, row)),
)

/** The rows, with each parametrised row (`pmd.ab.json.1-18`) replaced by its 18 cases. */
const expandedRows = catalogueRows.flatMap(expandRow)

/** Server cases that only inform when a client is tested: these codes and moments are not a client's to judge. */
const INFORMATIONAL: ReadonlySet<string> = new Set(['6.4.3', '6.4.4', '7.7.8'])

/** Every case: each row of `client.ab` is replaced by the cases of that Autobahn family, with roles turned. */
export const catalogue: readonly CatalogueEntry[] = expandedRows.flatMap(turnFamily)

const byId = new Map(catalogue.map((entry) => [entry.id, entry]))

/** The case of that id, if there is one. */
export function findEntry(id: string): CatalogueEntry | undefined {
  return byId.get(id)
}

/** Every normative statement the catalogue refers to. */
export const requirements: readonly Requirement[] = requirementRows.map(
  ([id, section, level, who, statement, wire]) => ({
    id,
    rfc: id.slice(0, id.indexOf('-')),
    section,
    level,
    who,
    statement,
    wire,
  }),
)

const requirementById = new Map(requirements.map((requirement) => [requirement.id, requirement]))

/** The statement of that id, if there is one. */
export function findRequirement(id: string): Requirement | undefined {
  return requirementById.get(id)
}

function entryOf(group: string, row: Row): CatalogueEntry {
  const [id, caseClass, title, send, expect, requirementIds, autobahn] = row
  return {
    id,
    side: group.startsWith('client.') ? 'client' : 'server',
    group,
    class: caseClass,
    title,
    send,
    expect,
    requirements: requirementIds.split(' ').filter(Boolean),
    autobahn: autobahn || null,
    row: id,
  }
}

/** `pmd.ab.json.1-18` with `12.1.1-18` becomes `pmd.ab.json.1` with `12.1.1`, and so on. */
function expandRow(entry: CatalogueEntry): CatalogueEntry[] {
  const range = /^(pmd\.ab\..*)\.(\d+)-(\d+)$/.exec(entry.id)
  const alias = /^(.*)\.\d+-\d+$/.exec(entry.autobahn ?? '')
  if (range === null || alias === null) return [entry]
  const [, stem, first, last] = range
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => {
    const number = Number(first) + index
    return {
      ...entry,
      id: `${stem}.${number}`,
      title: `${entry.title}, ${number}`,
      autobahn: `${alias[1]}.${number}`,
    }
  })
}

/** `client.ab.1` becomes `client.len.text-0` with `1.1.1`, and so on: the server cases seen from the other side. */
function turnFamily(entry: CatalogueEntry): CatalogueEntry[] {
  const [, family] = /^client\.ab\.(\d+)$/.exec(entry.id) ?? []
  if (family === undefined) return [entry]
  const cases = expandedRows.filter(({ side, autobahn }) => side === 'server' && autobahn?.startsWith(`${family}.`))
  return cases.map((one) => ({
    ...one,
    id: `client.${one.id}`,
    side: 'client',
    group: entry.group,
    class: INFORMATIONAL.has(one.autobahn ?? '') ? 'info' : one.class,
    send: `${one.send}, unmasked`,
    row: entry.id,
  }))
}
