/** One deliberate fault: what it does, and the cases of the catalogue of which at least one must detect it. */
export interface Defect {
  sentence: string
  cases: readonly string[]
}
