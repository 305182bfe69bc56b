/** In which order stores release memory: the smallest first. */
export type ReleaseOrder = 0 | 1 | 2

const stores = new Set<StoreMemory>()
let total = 0

/**
 * The memory of a store that belongs to no connection, such as the history of rooms. Every server of the process
 * counts it into its `maxMemory`.
 */
export class StoreMemory {
  readonly order: ReleaseOrder
  readonly release: (bytes: number) => void
  #used = 0

  /** @param release Drops entries of at least so many bytes, oldest first, if there are as many. */
  constructor(order: ReleaseOrder, release: (bytes: number) => void) {
    this.order = order
    this.release = release
  }

  /** Bytes. */
  get used(): number {
    return this.#used
  }

  /** The store has grown by so many bytes; negative when it has shrunk. */
  change(bytes: number): void {
    this.#used += bytes
    total += bytes
    // An empty store must not be retained.
    if (this.#used > 0) stores.add(this)
    else stores.delete(this)
  }
}

/** Bytes of all stores of this process. */
export function storesUsed(): number {
  return total
}

/** Makes the stores drop entries of so many bytes, those with the smallest order first. */
export function releaseStores(bytes: number): void {
  const goal = total - bytes
  for (const store of [...stores].sort((a, b) => a.order - b.order)) {
    if (total <= goal) return
    store.release(total - goal)
  }
}
