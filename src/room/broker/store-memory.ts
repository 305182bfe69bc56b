import { type MemoryStore, setMemoryUsed } from '../../connection/shared-memory.ts'

/** The memory of a queue or of a history; every server of the process counts it into its `maxMemory`. */
export class StoreMemory implements MemoryStore {
  readonly #release: (bytes: number) => void
  #used = 0

  /** @param release Drops entries, oldest first, until at most so many bytes are left. */
  constructor(release: (bytes: number) => void) {
    this.#release = release
  }

  /** Bytes. */
  get used(): number {
    return this.#used
  }

  /** The store has grown by so many bytes; negative when it has shrunk. */
  change(bytes: number): void {
    this.#used += bytes
    setMemoryUsed(this, this.#used)
  }

  releaseMemory(bytes: number): void {
    this.#release(this.#used - bytes)
  }
}
