import type { Parts } from '../servers/library.ts'

/** One thing that several implementations do, in memory. */
export interface MicroCase {
  id: string
  title: string
  /** Bytes that one operation handles; 0 where that says nothing. */
  bytes: number
  /** Makes the implementations by name, the library's own first; each call of one does `operations` operations. */
  make(tools: MicroTools): { operations: number; variants: Record<string, () => void> }
  /** How many times the library's cost each must cost. */
  goals?: Record<string, number>
}

/** What the cases measure. */
export interface MicroTools {
  parts: Parts
  /** npm ws, undefined when it is not installed. */
  // biome-ignore lint/suspicious/noExplicitAny: ws is loaded by name, without its types
  ws: any
  /** npm bufferutil, undefined when it is not installed. */
  // biome-ignore lint/suspicious/noExplicitAny: bufferutil is loaded by name, without its types
  bufferutil: any
}

/** Payload sizes of the cases. */
export const MICRO_SIZES = [8, 32, 125, 1024, 16_384] as const
