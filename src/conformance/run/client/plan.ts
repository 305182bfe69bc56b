import type { CatalogueEntry } from '../../catalogue/index.ts'
import type { Case, Phase } from '../../script/index.ts'

/** A case and the numbers of its connections, by which a driver requests them. */
export interface PlannedCase {
  entry: CatalogueEntry
  how: Case
  /** The number of the first connection of the case. */
  first: number
  /** The number of connections; 0 when the case starts clients itself. */
  count: number
}

const ORDER: readonly Phase[] = ['parallel', 'idle', 'alone', 'last', 'after']

/** The cases of a run in order, with their connections numbered from 1. */
export class Plan {
  readonly cases: readonly PlannedCase[]
  /** The total number of connections. */
  readonly total: number
  readonly #byNumber: PlannedCase[] = []

  constructor(entries: readonly CatalogueEntry[], findCase: (id: string) => Case | undefined) {
    const found = entries.flatMap((entry) => {
      const how = findCase(entry.id)
      return how === undefined ? [] : [{ entry, how }]
    })
    const ordered = ORDER.flatMap((phase) => found.filter(({ how }) => (how.phase ?? 'parallel') === phase))
    this.cases = ordered.map(({ entry, how }) => {
      const count = how.connections ?? 1
      const planned = { entry, how, first: this.#byNumber.length + 1, count }
      for (let left = count; left > 0; left--) this.#byNumber.push(planned)
      return planned
    })
    this.total = this.#byNumber.length
  }

  /** Returns the case to which the connection with this number belongs. */
  at(number: number): PlannedCase | undefined {
    return this.#byNumber[number - 1]
  }

  /** Returns the case with this id or Autobahn id. */
  named(name: string): PlannedCase | undefined {
    return this.cases.find(({ entry }) => entry.autobahn === name || entry.id === name)
  }
}
