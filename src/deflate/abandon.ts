import type { Transform } from 'node:stream'

/**
 * Destroys a flowing zlib stream, if there is one, when the thread pool has finished the chunk in progress, and then calls `released`. The
 * chunk stays in memory until then; so `released` is when another stream may begin without more of them waiting for the
 * thread pool than it has threads.
 */
export function abandon(stream: Transform | null, released: () => void): void {
  if (stream === null) return released()
  let isReleased = false
  const release = (): void => {
    if (isReleased) return
    isReleased = true
    stream.destroy()
    released()
  }
  stream.on('data', release)
  stream.on('end', release)
  stream.on('error', release)
}
