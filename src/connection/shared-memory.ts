/** Data of the process that belongs to no connection, such as the history of a room. */
export interface MemoryStore {
  /** Frees at least so many bytes when it can, the oldest data first, and reports what is left with `setMemoryUsed`. */
  releaseMemory(bytes: number): void
}

/** Something that enforces a limit on memory, such as a server with `maxMemory`. */
export interface MemoryLimiter {
  /** The memory of the stores has grown. */
  onSharedMemoryGrown(): void
}

const usedBy = new Map<MemoryStore, number>()
const limiters = new Set<MemoryLimiter>()
let total = 0

/**
 * Counts the memory of a store, which every server of the process counts towards its `maxMemory` (RFC 6455 §10.4).
 *
 * @param bytes All that it uses, with a fixed overhead for each entry. A store with 0 bytes is forgotten.
 */
export function setMemoryUsed(store: MemoryStore, bytes: number): void {
  const change = bytes - (usedBy.get(store) ?? 0)
  if (change === 0) return
  if (bytes === 0) usedBy.delete(store)
  else usedBy.set(store, bytes)
  total += change
  if (change > 0) for (const limiter of limiters) limiter.onSharedMemoryGrown()
}

/** Bytes of all stores of the process. */
export function sharedMemoryUsed(): number {
  return total
}

/** Lets stores free at least so many bytes when they can; the largest store is asked first. */
export function releaseSharedMemory(bytes: number): void {
  const target = total - bytes
  for (const [store, used] of [...usedBy].sort(([, a], [, b]) => b - a)) {
    if (total <= target) return
    store.releaseMemory(Math.min(used, total - target))
  }
}

/** Calls `limiter` whenever the memory of the stores grows, until `removeMemoryLimiter`. */
export function addMemoryLimiter(limiter: MemoryLimiter): void {
  limiters.add(limiter)
}

export function removeMemoryLimiter(limiter: MemoryLimiter): void {
  limiters.delete(limiter)
}
