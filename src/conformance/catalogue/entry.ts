import type { CaseClass } from '../result.ts'

/**
 * One entry in a data file: id, class, title, what is sent, what is expected, requirements (separated by spaces), and
 * the Autobahn id or an empty string. In what is sent, `<key>` is the masking key.
 */
export type EntryData = [
  id: string,
  caseClass: CaseClass,
  title: string,
  sent: string,
  expected: string,
  requirements: string,
  autobahn: string,
]

/** One statement in the data file: id, section, level, whom it binds, statement, and how to observe it on the wire. */
export type RequirementData = [id: string, section: string, level: string, who: string, statement: string, wire: string]

/** One entry of the catalogue: what is sent, what is expected, and which rules it checks. */
export interface CatalogueEntry {
  id: string
  side: 'server' | 'client'
  group: string
  class: CaseClass
  title: string
  send: string
  expect: string
  requirements: string[]
  /** The id in the Autobahn test suite, which the selector `ab:` uses. */
  autobahn: string | null
  /** The id in the data file, which differs from `id` when the entry belongs to a family (`pmd.ab.json.1-18`). */
  family: string
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
