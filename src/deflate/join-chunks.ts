import { EMPTY } from '../core/empty.ts'

/** Bytes copied in one turn of the event loop: fresh pages cost about 0.3 ms per MiB. */
const BYTES_PER_STEP = 1024 * 1024

/**
 * Joins chunks into one buffer, a step per turn of the event loop when there is much to copy; calls `done(null)` when
 * there is no memory for it. The list is emptied step by step, so that a long message is in memory twice only briefly.
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
