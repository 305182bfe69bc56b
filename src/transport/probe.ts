import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { writeNothing } from '../fast/socket-internals.ts'

/** Milliseconds: the system counts in seconds. */
const SHORTEST_PROBE = 1000

/**
 * Makes the system probe the peer of a socket that is not read from (TCP keepalive), every `interval` milliseconds;
 * returns false for other streams.
 */
export function probePeer(stream: Duplex, interval: number): boolean {
  if (!(stream instanceof Socket)) return false
  stream.setKeepAlive(true, Math.max(SHORTEST_PROBE, interval))
  // Fails once the probes have: a socket that is not read from does not learn of it in another way.
  if (stream.writableLength === 0) writeNothing(stream)
  return true
}
