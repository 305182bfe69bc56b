import { EMPTY } from '../core/empty.ts'

/** Number of bytes copied in one turn of the event loop. New memory pages cost about 0.3 ms per MiB. */
const BYTES_PER_STEP = 1024 * 1024

/**
 * Joins chunks into one buffer. A long message is copied in steps, one per turn of the event loop. Calls `done(null)`
 * when there is not enough memory. Each step removes its chunks from the list, so that their bytes are not in memory
 * twice for longer than necessary.
 */
export function joinChunks(
  chunks: Buffer[],
  length: number,
  isStopped: () => boolean,
  done: (whole: Buffer | null) => void,
) {
  const whole = allocate(length)
  let position = 0
  let index = 0
  const step = (): void => {
    if (isStopped()) return
    const end = position + BYTES_PER_STEP
    while (whole !== null && index < chunks.length && position < end) {
      position += chunks[index].copy(whole, position)
      chunks[index++] = EMPTY
    }
    if (whole === null || index === chunks.length) done(whole)
    else setImmediate(step)
  }
  step()
}

function allocate(length: number): Buffer | null {
  try {
    return Buffer.allocUnsafeSlow(length)
  } catch {
    return null
  }
}
