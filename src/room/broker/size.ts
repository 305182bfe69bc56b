import type { Payload } from './broker.ts'

/**
 * Memory in bytes of an entry of a queue or history in addition to its payload: its objects and its place in a list.
 */
export const ENTRY_OVERHEAD = 512

/** Returns the memory in bytes of a payload. V8 stores ASCII text with one byte per character, other text with two. */
export function sizeOf(payload: Payload): number {
  if (typeof payload !== 'string') return ENTRY_OVERHEAD + payload.length
  const isAscii = Buffer.byteLength(payload) === payload.length
  return ENTRY_OVERHEAD + (isAscii ? payload.length : 2 * payload.length)
}
