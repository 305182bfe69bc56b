import type { Parts } from '../servers/library.ts'

/** One operation in memory that several implementations offer. */
export interface MicroCase {
  id: string
  title: string
  /** Bytes that one operation handles; 0 where that is meaningless. */
  bytes: number
  /** Makes the implementations by name, this library first. Each call performs `operations` operations. */
  make(tools: MicroTools): { operations: number; variants: Record<string, () => void> }
  /** The minimum ratio of the cost of each implementation to that of this library. */
  goals?: Record<string, number>
}

/** The implementations that the cases measure. */
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
