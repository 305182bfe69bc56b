import type { Duplex } from 'node:stream'
import { readingTurn } from './poll.ts'

/** How to split a write: into pieces of n bytes or of the given sizes in turn. */
export interface Chop {
  size: number | readonly number[]
  /**
   * Waits until the peer has probably read the piece before: otherwise TCP may deliver two pieces together, and a fault
   * at their boundary is not seen. Where no verdict depends on that, a turn for reading is enough.
   */
  settle(): Promise<void>
  /** Whether `settle` follows every piece, however many there are; default false. */
  isEach?: boolean
}

/** `settle` follows each of the first pieces of a write. Later a turn for reading follows each group of pieces. */
const SETTLED_PIECES = 256
const TURN_EVERY = 16

/**
 * Writes bytes in pieces and waits between them. Each piece is accepted by the operating system before
 * the next one is written. Stops when the stream has ended, or when `isOver` returns true because the rest will not be
 * read.
 */
export async function writeChopped(
  stream: Duplex,
  bytes: Uint8Array,
  chop?: Chop,
  isOver: () => boolean = () => false,
): Promise<void> {
  if (chop === undefined) return writeOnce(stream, bytes)
  const sizes = typeof chop.size === 'number' ? [chop.size] : chop.size
  for (let at = 0, turn = 0; at < bytes.length && isOpen(stream) && !isOver(); turn++) {
    const size = sizes[turn % sizes.length]
    await writeOnce(stream, bytes.subarray(at, at + size))
    at += size
    if (at >= bytes.length) return
    if (chop.isEach || turn < SETTLED_PIECES) await chop.settle()
    else if (turn % TURN_EVERY === 0) await readingTurn()
  }
}

function isOpen(stream: Duplex): boolean {
  return !stream.destroyed && stream.writable
}

/** Resolves when the operating system has accepted the bytes, or the stream has ended. */
function writeOnce(stream: Duplex, bytes: Uint8Array): Promise<void> {
  if (!isOpen(stream)) return Promise.resolve()
  return new Promise((resolve) => {
    const waiting = writesOf(stream)
    const done = (): void => {
      waiting.delete(done)
      resolve()
    }
    waiting.add(done)
    stream.write(bytes, done)
  })
}

const writesOfStreams = new WeakMap<Duplex, Set<() => void>>()

/** The pending writes of a stream. There may be hundreds, so one listener ends all of them when the stream closes. */
function writesOf(stream: Duplex): Set<() => void> {
  const known = writesOfStreams.get(stream)
  if (known !== undefined) return known
  const writes = new Set<() => void>()
  writesOfStreams.set(stream, writes)
  stream.once('close', () => {
    for (const done of writes) done()
  })
  return writes
}
