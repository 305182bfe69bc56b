import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { writeNothing } from '../fast/socket-internals.ts'

/** Minimum interval of probes in milliseconds, because the system counts in seconds. */
const SHORTEST_PROBE = 1000

/**
 * Makes the system probe the peer of a socket that is not read (TCP keepalive) every `interval` milliseconds. Returns
 * false for other streams.
 */
export function probePeer(stream: Duplex, interval: number): boolean {
  if (!(stream instanceof Socket)) return false
  stream.setKeepAlive(true, Math.max(SHORTEST_PROBE, interval))
  // This write fails after the probes have failed. A socket that is not read does not notice otherwise.
  if (stream.writableLength === 0) writeNothing(stream)
  return true
}
