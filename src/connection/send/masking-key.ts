import { randomFillSync } from 'node:crypto'

/** Random bytes for 1,024 keys, drawn by one call. */
const pool = Buffer.alloc(4096)
let position = pool.length

/** An unpredictable masking key for one frame (RFC 6455 §5.3, §10.3). It is valid until the next call. */
export function nextMaskingKey(): Uint8Array {
  if (position === pool.length) {
    randomFillSync(pool)
    position = 0
  }
  position += 4
  return pool.subarray(position - 4, position)
}
