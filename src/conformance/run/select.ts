import { readFileSync } from 'node:fs'
import { type CatalogueEntry, catalogue, findEntry, findRequirement, quickCases } from '../catalogue/index.ts'
import type { RunResult } from '../result.ts'
import { findCase } from '../sections/index.ts'

/** Thrown for an invalid selection: an unknown name, an unreadable file, or no case selected. */
export class SelectionError extends Error {}

export interface SelectionOptions {
  /** The selectors of `-c`. One string may contain several, separated by commas. Default `core`. */
  include?: readonly string[]
  /** The selectors of `-x`. */
  exclude?: readonly string[]
  /** Adds slow cases (`--long`). */
  long?: boolean
  /** Adds sizes, throughput and round trips (`--perf`). */
  perf?: boolean
  /** Adds hostile load (`--robust`). */
  robust?: boolean
  /** Adds everything except slow cases (`--all`). */
  all?: boolean
}

/** The entries for servers in the order of the catalogue, without those that no case implements. */
export const serverEntries: readonly CatalogueEntry[] = runnableEntries('server')

/** The entries for clients in the order of the catalogue, without those that no case implements. */
export const clientEntries: readonly CatalogueEntry[] = runnableEntries('client')

function runnableEntries(wanted: 'server' | 'client'): CatalogueEntry[] {
  return catalogue.filter(({ id, side }) => side === wanted && findCase(id) !== undefined)
}

function hasTag({ id }: CatalogueEntry, tag: string): boolean {
  return ((findCase(id)?.tags ?? []) as readonly string[]).includes(tag)
}

const PRESETS: Record<string, (entry: CatalogueEntry) => boolean> = {
  core: isCore,
  quick: (entry) => quickCases.has(entry.id) || quickCases.has(topicOf(entry)),
  autobahn: (entry) => entry.autobahn !== null,
  handshake: ({ group }) => /^(?:hs\.|client\.re(?:q|sp)$)/.test(group),
  all: () => true,
}

/**
 * Returns whether a case is in the preset `core`: all except slow and harmful cases, and one of eighteen of the large
 * Autobahn families.
 */
function isCore(entry: CatalogueEntry): boolean {
  const topic = topicOf(entry)
  if (topic.startsWith('pmd.ab.')) return Number(topic.slice(topic.lastIndexOf('.') + 1)) === 5
  return !/^(?:perf|robust|h2)\./.test(topic) && !hasTag(entry, 'hostile')
}

/** Returns the id without the side, which a server case and the same case for clients have in common. */
function topicOf({ id }: CatalogueEntry): string {
  return id.replace(/^client\./, '')
}

/**
 * Selects cases by the selectors of `-c` and `-x`.
 * @throws {SelectionError} when a selector is unknown or no case is selected.
 */
export function selectCases(from: readonly CatalogueEntry[], options: SelectionOptions = {}): CatalogueEntry[] {
  const include = splitTerms(options.include ?? [])
  const wanted = include.filter((term) => !term.startsWith('!'))
  const unwanted = [
    ...splitTerms(options.exclude ?? []),
    ...include.filter((term) => term.startsWith('!')).map((term) => term.slice(1)),
  ]
  const included = (wanted.length === 0 ? ['core'] : wanted).map((term) => ({ term, matches: parseTerm(term) }))
  const excluded = unwanted.map(parseTerm)
  for (const { term, matches } of included) {
    if (!from.some(matches)) throw new SelectionError(`“${term}” matches no case${suggestion(from, term)}`)
  }
  const added = addedGroups(options)
  const selected = from.filter((entry) => {
    const isLong = hasTag(entry, 'slow') && !options.long
    const isIncluded =
      included.some(({ term, matches }) => matches(entry) && (isNamed(term) || !isLong)) ||
      (added.some((matches) => matches(entry)) && !isLong)
    return isIncluded && !excluded.some((matches) => matches(entry))
  })
  if (selected.length === 0) throw new SelectionError('no case is selected')
  return selected
}

/** Returns the conditions by which the switches add cases to the selection. */
function addedGroups(options: SelectionOptions): ((entry: CatalogueEntry) => boolean)[] {
  return [
    ...(options.perf ? [({ group }: CatalogueEntry) => group === 'perf'] : []),
    ...(options.robust ? [isHostile] : []),
    ...(options.all ? [() => true] : []),
  ]
}

function isHostile(entry: CatalogueEntry): boolean {
  return entry.group === 'robust' || hasTag(entry, 'hostile')
}

/** Returns whether a slow case runs without `--long`: when it is selected by name, or belongs to Autobahn. */
function isNamed(term: string): boolean {
  return findEntry(term) !== undefined || term === 'autobahn' || /^ab:[\d.]+$/.test(term)
}

function splitTerms(terms: readonly string[]): string[] {
  return terms
    .flatMap((term) => term.split(',').map((part) => part.trim()))
    .filter(Boolean)
    .flatMap(readList)
}

/** Replaces `@file` by the selectors in the file, one per line; `#` begins a comment. */
function readList(term: string): string[] {
  if (!term.startsWith('@')) return [term]
  const lines = readText(term.slice(1)).split('\n')
  return splitTerms(lines.map((line) => line.replace(/#.*/, '').trim()).filter(Boolean))
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new SelectionError(`cannot read ${path}: ${(error as Error).message}`)
  }
}

function parseTerm(term: string): (entry: CatalogueEntry) => boolean {
  const preset = PRESETS[term]
  if (preset !== undefined) return preset
  const file = /^(failed|new)@(.+)$/.exec(term)
  if (file !== null) return fromResult(file[1], file[2])
  const [, kind, value] = /^(ab|rfc|req|class|tag):(.+)$/.exec(term) ?? []
  switch (kind) {
    case 'ab': {
      const matches = wildcard(value)
      return ({ autobahn }) => autobahn !== null && matches(autobahn)
    }
    case 'rfc':
      return ({ requirements }) => requirements.some((id) => isInSection(id, value))
    case 'req':
      return ({ requirements }) => requirements.includes(value)
    case 'class':
      return (entry) => entry.class === value
    case 'tag':
      return (entry) => (value === 'new' ? entry.autobahn === null : hasTag(entry, value))
  }
  const matches = wildcard(term)
  return ({ id, family, group }) => [id, family, group].some(matches)
}

/**
 * Matches whole parts of an id: `frag` matches `frag` and `frag.…`, and `hs.key.len-*` matches ids with this prefix.
 */
function wildcard(pattern: string): (name: string) => boolean {
  const source = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')
  const regex = new RegExp(`^${source}(\\..*)?$`)
  return (name) => regex.test(name)
}

/** Matches sections: `6455/5.4` matches 5.4 and 5.4.x of RFC 6455, and `6455` matches all sections. */
function isInSection(requirementId: string, value: string): boolean {
  const [rfc, section] = value.split('/')
  const requirement = findRequirement(requirementId)
  if (requirement === undefined || requirement.rfc !== rfc) return false
  return section === undefined || requirement.section === section || requirement.section.startsWith(`${section}.`)
}

/** Matches the cases that failed in a result file (`failed@FILE`), or those that are not in the file (`new@FILE`). */
function fromResult(kind: string, path: string): (entry: CatalogueEntry) => boolean {
  const parsed = JSON.parse(readText(path)) as RunResult | RunResult[]
  const cases = (Array.isArray(parsed) ? parsed : [parsed]).flatMap((result) => result.cases)
  const failed = new Set(
    cases.filter(({ verdict }) => ['fail', 'crash', 'error'].includes(verdict)).map(({ id }) => id),
  )
  const known = new Set(cases.map(({ id }) => id))
  return ({ id }) => (kind === 'failed' ? failed.has(id) : !known.has(id))
}

function suggestion(from: readonly CatalogueEntry[], term: string): string {
  const last = term.slice(term.lastIndexOf('.') + 1)
  const similar = from.filter(({ id }) => last.length > 2 && id.includes(last))
  const near = [...from.filter(({ id }) => distance(id, term) <= MAX_TYPOS), ...similar].slice(0, 3)
  return near.length === 0 ? '' : `; did you mean ${near.map(({ id }) => id).join(', ')}?`
}

/** How many letters of a name may differ for a suggestion. */
const MAX_TYPOS = 2

/** Returns the Levenshtein distance of two strings. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let index = 1; index <= one.length; index++) {
    const next = [index]
    for (let column = 1; column <= other.length; column++) {
      const replaced = row[column - 1] + (one[index - 1] === other[column - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[column] + 1, next[column - 1] + 1))
    }
    row = next
  }
  return row[other.length]
}
