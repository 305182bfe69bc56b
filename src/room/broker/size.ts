import type { Payload } from './broker.ts'

/** Bytes that an entry of a queue or of the history costs besides its payload: its objects, and its place in a list. */
export const ENTRY_OVERHEAD = 512

/** Bytes that a payload costs in memory: V8 stores text with one byte a character, or with two if it is not ASCII. */
export function sizeOf(payload: Payload): number {
  if (typeof payload !== 'string') return ENTRY_OVERHEAD + payload.length
  const isAscii = Buffer.byteLength(payload) === payload.length
  return ENTRY_OVERHEAD + (isAscii ? payload.length : 2 * payload.length)
}
