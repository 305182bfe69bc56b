/** One deliberate fault: what it does, and the cases of the catalogue of which at least one has to notice it. */
export interface Defect {
  sentence: string
  cases: readonly string[]
}
