import type { Transform } from 'node:stream'

/**
 * Destroys a zlib stream in flowing mode once the thread pool has finished its current chunk, and then calls
 * `released`. Without a stream it calls `released` at once. The chunk stays in memory until then, so another stream
 * should start only after `released`.
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
