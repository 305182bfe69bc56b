import type { RunResult } from '../result.ts'

/** One normative statement of an RFC, as the catalogue of requirements has it. */
export interface Requirement {
  /** `6455-5.4-5`: RFC, section, running number. */
  id: string
  rfc: string
  section: string
  /** The keyword: `MUST`, `MUST NOT`, `SHOULD`, … (RFC 2119 §1–5). */
  level: string
  who: string
  statement: string
  /** How it shows on the wire, or `not observable`. */
  wire?: string
}

/** What a report knows besides the results: how to judge, how much to say and where it is read. */
export interface ReportContext {
  /** A SHOULD that is not met counts as a failure. */
  strict: boolean
  /** −1 failures only, 0 normal, 1 every case and the profile, 2 with all frames. */
  verbosity: -1 | 0 | 1 | 2
  color: boolean
  /** Columns of the terminal, 80 in pipes. */
  width: number
  requirements: readonly Requirement[]
  /** Cases selected for the run. */
  selected: number
  /** Cases of the catalogue for this side. */
  total: number
}

/** Writes the results of one or more targets as one text. */
export type Format = (results: RunResult[], context: ReportContext) => string

/** `6455-5.4-5` as a requirement, also when the catalogue does not have it. */
export function findRequirement(id: string, context: ReportContext): Requirement {
  const known = context.requirements.find((requirement) => requirement.id === id)
  if (known) return known
  const [rfc = '', section = ''] = id.split('-')
  return { id, rfc, section, level: '', who: '', statement: '' }
}

/** `RFC 6455 §5.4`. */
export function formatSection(requirement: Requirement): string {
  return `RFC ${requirement.rfc} §${requirement.section}`
}

/** Where the section can be read. */
export function sectionLink(requirement: Requirement): string {
  return `https://www.rfc-editor.org/rfc/rfc${requirement.rfc}.html#section-${requirement.section}`
}
