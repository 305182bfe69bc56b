/** A store of the process that belongs to no connection, such as the history of a room. */
export interface MemoryStore {
  /** Frees at least `bytes` when possible, the oldest data first, and reports what remains with `setMemoryUsed`. */
  releaseMemory(bytes: number): void
}

/** Something that enforces a limit on memory, such as a server with `maxMemory`. */
export interface MemoryLimiter {
  /** Called when the memory of the stores has grown. */
  onSharedMemoryGrown(): void
}

const usedBy = new Map<MemoryStore, number>()
const limiters = new Set<MemoryLimiter>()
let total = 0

/**
 * Sets the memory of a store. It counts toward `maxMemory` of each server of the process (RFC 6455 §10.4).
 *
 * @param bytes The memory of the store, including a fixed overhead per entry. A store with 0 bytes is removed.
 */
export function setMemoryUsed(store: MemoryStore, bytes: number): void {
  const change = bytes - (usedBy.get(store) ?? 0)
  if (change === 0) return
  if (bytes === 0) usedBy.delete(store)
  else usedBy.set(store, bytes)
  total += change
  if (change > 0) for (const limiter of limiters) limiter.onSharedMemoryGrown()
}

/** Returns the memory of all stores of the process, in bytes. */
export function sharedMemoryUsed(): number {
  return total
}

/** Makes stores free at least `bytes` when possible, beginning with the largest store. */
export function releaseSharedMemory(bytes: number): void {
  const target = total - bytes
  for (const [store, used] of [...usedBy].sort(([, a], [, b]) => b - a)) {
    if (total <= target) return
    store.releaseMemory(Math.min(used, total - target))
  }
}

/** Calls `limiter` when the memory of the stores grows, until `removeMemoryLimiter`. */
export function addMemoryLimiter(limiter: MemoryLimiter): void {
  limiters.add(limiter)
}

export function removeMemoryLimiter(limiter: MemoryLimiter): void {
  limiters.delete(limiter)
}
