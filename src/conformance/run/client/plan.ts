import type { CatalogueEntry } from '../../catalogue/index.ts'
import type { Case, Phase } from '../../script/index.ts'

/** A case and the numbers of its connections, as a driver asks for them. */
export interface PlannedCase {
  entry: CatalogueEntry
  how: Case
  /** Number of its first connection. */
  first: number
  /** Connections; 0 when the case wants to start clients itself. */
  count: number
}

const ORDER: readonly Phase[] = ['parallel', 'idle', 'alone', 'last', 'after']

/** The cases of a run in the order in which a driver meets them, their connections numbered from 1. */
export class Plan {
  readonly cases: readonly PlannedCase[]
  /** Connections in all. */
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

  /** The case that the connection of that number belongs to. */
  at(number: number): PlannedCase | undefined {
    return this.#byNumber[number - 1]
  }

  /** The case of that id or of that Autobahn id. */
  named(name: string): PlannedCase | undefined {
    return this.cases.find(({ entry }) => entry.autobahn === name || entry.id === name)
  }
}
