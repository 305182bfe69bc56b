import type { Duplex } from 'node:stream'
import { readingTurn, sleep } from './poll.ts'

/** How to cut a write into pieces: every n bytes, or sizes used in turn; `pause` in milliseconds between them. */
export interface Chop {
  size: number | readonly number[]
  pause?: number
}

/** The first pieces of a write are followed by a turn for reading each, later ones in groups of so many. */
const SINGLE_TURNS = 64
const TURN_EVERY = 16

/**
 * Writes bytes in pieces, each handed to the system before the next, with a turn for reading in between. Stops when the
 * stream is gone, or when `isOver` says that the other side will not read the rest.
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
    if (chop.pause !== undefined) await sleep(chop.pause)
    else if (turn < SINGLE_TURNS || turn % TURN_EVERY === 0) await readingTurn()
  }
}

function isOpen(stream: Duplex): boolean {
  return !stream.destroyed && stream.writable
}

/** Resolves when the bytes are handed to the system, or the stream is gone. */
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

/** The writes that wait for a stream. One listener ends all of them when it closes: there may be hundreds. */
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
