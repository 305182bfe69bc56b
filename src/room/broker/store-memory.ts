import { type MemoryStore, setMemoryUsed } from '../../connection/shared-memory.ts'

/** The memory of a queue or a history. It counts toward `maxMemory` of each server of the process. */
export class StoreMemory implements MemoryStore {
  readonly #release: (bytes: number) => void
  #used = 0

  /** @param release Drops entries, oldest first, until at most the given number of bytes is left. */
  constructor(release: (bytes: number) => void) {
    this.#release = release
  }

  /** Memory in use, in bytes. */
  get used(): number {
    return this.#used
  }

  /** Called when the store has grown by `bytes`, or has shrunk when `bytes` is negative. */
  change(bytes: number): void {
    this.#used += bytes
    setMemoryUsed(this, this.#used)
  }

  releaseMemory(bytes: number): void {
    this.#release(this.#used - bytes)
  }
}
