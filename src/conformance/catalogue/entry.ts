import type { CaseClass } from '../result.ts'

/**
 * One entry as the data files write it: id, class, title, what is sent, what is expected, requirements (separated by
 * blanks), the Autobahn id or nothing.
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

/** One statement as the data file writes it: id, section, level, who it binds, statement, how it shows on the wire. */
export type RequirementData = [id: string, section: string, level: string, who: string, statement: string, wire: string]

/** One entry of the catalogue: what is sent, what is expected and which rules it is about. */
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
  /** The id in the data: another one when the entry was expanded from a family (`pmd.ab.json.1-18`). */
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
