import type { FrameParser } from './frame-parser.ts'

/** What the peer has begun and not finished; null when there is nothing. */
export type Pending = 'header' | 'payload' | 'message' | null

/** Returns the most urgent thing that the parser or its assembler waits for. Both are null before the first bytes. */
export function pendingOf(parser: FrameParser | null, assembler: { readonly inMessage: boolean } | null): Pending {
  if (parser === null) return null
  if (parser.inHeader) return 'header'
  if (!parser.atBoundary) return 'payload'
  return assembler!.inMessage ? 'message' : null
}
