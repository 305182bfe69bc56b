import type { Duplex } from 'node:stream'
import { isHttp2Stream } from '../transport/http2-stream.ts'

/** Number of bytes that a stream had written when its upgrade request arrived. */
const writtenBefore = new WeakMap<Duplex, number>()

/** Stores the state of a stream before any listener sees its upgrade request. */
export function noteUpgrade(stream: Duplex): void {
  writtenBefore.set(stream, bytesWritten(stream))
}

/** Returns whether another listener has answered an upgrade request, closed its stream, or begun to read from it. */
export function isTaken(stream: Duplex): boolean {
  if (stream.destroyed || stream.writableEnded) return true
  if (isHttp2Stream(stream)) return stream.headersSent
  const before = writtenBefore.get(stream)
  if (before === undefined) return false
  return bytesWritten(stream) > before || isRead(stream)
}

function isRead(stream: Duplex): boolean {
  return stream.listenerCount('data') > 0 || stream.listenerCount('readable') > 0
}

function bytesWritten(stream: Duplex & { bytesWritten?: number }): number {
  return stream.bytesWritten ?? stream.writableLength
}
