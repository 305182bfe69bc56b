import type { FrameParser } from './frame-parser.ts'

/** What the peer has begun and not finished; null between messages. */
export type Pending = 'header' | 'payload' | 'message' | null

/** Returns what a parser and its assembler are in the middle of, the most urgent first; neither exists before the first bytes. */
export function pendingOf(parser: FrameParser | null, assembler: { readonly inMessage: boolean } | null): Pending {
  if (parser === null) return null
  if (parser.inHeader) return 'header'
  if (!parser.atBoundary) return 'payload'
  return assembler!.inMessage ? 'message' : null
}
