import type { CaseClass } from '../result.ts'
import { client } from './client.ts'
import { closing } from './closing.ts'
import { deflate } from './deflate.ts'
import type { CatalogueEntry, EntryData, Requirement } from './entry.ts'
import { framing } from './framing.ts'
import { http2 } from './http2.ts'
import { load } from './load.ts'
import { openingHandshake } from './opening-handshake.ts'
import { requirementData } from './requirements.ts'
import { text } from './text.ts'

export type { CatalogueEntry, Requirement } from './entry.ts'
export { quickCases } from './quick.ts'

/** Version of the catalogue. It increases when entries are added, renamed or judged differently. */
export const CATALOGUE_VERSION = 2

const groups: Record<string, EntryData[]> = {
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

/** The entries in the data files, with families not expanded. */
export const unexpandedEntries: readonly CatalogueEntry[] = groupNames.flatMap((group) =>
  groups[group].map((data) => readEntry(group, data)),
)

/** The entries, with each family (`pmd.ab.json.1-18`) replaced by its members. */
const expandedEntries = unexpandedEntries.flatMap(expandFamily)

/** Autobahn ids of server entries that are only `info` for clients: their codes and times bind servers alone. */
const INFORMATIONAL: ReadonlySet<string> = new Set(['6.4.3', '6.4.4', '7.7.8'])

/**
 * All entries. Each entry of `client.ab` is replaced by the server entries of its Autobahn family, with roles swapped.
 */
export const catalogue: readonly CatalogueEntry[] = expandedEntries.flatMap(swapRoles)

const byId = new Map(catalogue.map((entry) => [entry.id, entry]))

/** Returns the entry with this id, or undefined. */
export function findEntry(id: string): CatalogueEntry | undefined {
  return byId.get(id)
}

/** All normative statements to which the catalogue refers. */
export const requirements: readonly Requirement[] = requirementData.map(
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

/** Returns the statement with this id, or undefined. */
export function findRequirement(id: string): Requirement | undefined {
  return requirementById.get(id)
}

/** The classes, from the weakest. */
const CLASSES: readonly CaseClass[] = ['info', 'should', 'must']

/** Returns whether the statement is strong enough for this class: a MAY carries no failure, a SHOULD no `must`. */
export function carries(id: string, kind: CaseClass): boolean {
  const level = findRequirement(id)?.level ?? ''
  const strength: CaseClass = level.startsWith('MUST') ? 'must' : level.startsWith('SHOULD') ? 'should' : 'info'
  return CLASSES.indexOf(strength) >= CLASSES.indexOf(kind)
}

/** Returns the first of these statements that carries the class, or else the first. */
export function carrierOf(ids: readonly string[], kind: CaseClass): string {
  return ids.find((id) => carries(id, kind)) ?? ids[0] ?? ''
}

function readEntry(group: string, data: EntryData): CatalogueEntry {
  const [id, caseClass, title, send, expect, requirementIds, autobahn] = data
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
    family: id,
  }
}

/** Expands `pmd.ab.json.1-18` with the Autobahn id `12.1.1-18` into `pmd.ab.json.1` with `12.1.1`, and so on. */
function expandFamily(entry: CatalogueEntry): CatalogueEntry[] {
  const range = /^(pmd\.ab\..*)\.(\d+)-(\d+)$/.exec(entry.id)
  const alias = /^(.*)\.\d+-\d+$/.exec(entry.autobahn ?? '')
  if (range === null || alias === null) return [entry]
  const [, stem, first, last] = range
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => {
    const number = Number(first) + index
    return {
      ...entry,
      id: `${stem}.${number}`,
      title: `${entry.title}, size ${number} of ${last}`,
      autobahn: `${alias[1]}.${number}`,
    }
  })
}

/** Expands `client.ab.1` into `client.len.text-0` with `1.1.1`, and so on: the server entries as tests of a client. */
function swapRoles(entry: CatalogueEntry): CatalogueEntry[] {
  const [, family] = /^client\.ab\.(\d+)$/.exec(entry.id) ?? []
  if (family === undefined) return [entry]
  const members = expandedEntries.filter(
    ({ side, autobahn }) => side === 'server' && autobahn?.startsWith(`${family}.`),
  )
  return members.map((member) => ({
    ...member,
    id: `client.${member.id}`,
    side: 'client',
    group: entry.group,
    class: INFORMATIONAL.has(member.autobahn ?? '') ? 'info' : member.class,
    send: `${member.send}; sent unmasked`,
    family: entry.id,
  }))
}
