/** One deliberate fault: what it does, and the cases of the catalogue, at least one of which must detect it. */
export interface Defect {
  sentence: string
  cases: readonly string[]
}
