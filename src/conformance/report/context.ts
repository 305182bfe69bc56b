import type { RunResult } from '../result.ts'

/** One normative statement of an RFC, from the catalogue. */
export interface Requirement {
  /** RFC, section and number: `6455-5.4-5`. */
  id: string
  rfc: string
  section: string
  /** The keyword: `MUST`, `MUST NOT`, `SHOULD`, … (RFC 2119 §1–5). */
  level: string
  who: string
  statement: string
  /** How to observe the requirement on the wire, or `not observable`. */
  wire?: string
}

/** What a report needs in addition to the results. */
export interface ReportContext {
  /** Whether a violation of a SHOULD counts as a failure. */
  strict: boolean
  /** −1: failures only; 0: normal; 1: all cases and the profile; 2: also all frames. */
  verbosity: -1 | 0 | 1 | 2
  color: boolean
  /** The columns of the terminal; 80 in a pipe. */
  width: number
  requirements: readonly Requirement[]
  /** The number of cases selected for the run. */
  selected: number
  /** The number of cases in the catalogue for this side. */
  total: number
}

/** Formats the results of one or more targets. */
export type Format = (results: RunResult[], context: ReportContext) => string

/** Returns the requirement with this id, or one without a statement when the catalogue does not have it. */
export function findRequirement(id: string, context: ReportContext): Requirement {
  const known = context.requirements.find((requirement) => requirement.id === id)
  if (known) return known
  const [rfc = '', section = ''] = id.split('-')
  return { id, rfc, section, level: '', who: '', statement: '' }
}

/** Formats the section of a requirement: `RFC 6455 §5.4`. */
export function formatSection(requirement: Requirement): string {
  return `RFC ${requirement.rfc} §${requirement.section}`
}

/** Returns the URL of the section. */
export function sectionLink(requirement: Requirement): string {
  return `https://www.rfc-editor.org/rfc/rfc${requirement.rfc}.html#section-${requirement.section}`
}
