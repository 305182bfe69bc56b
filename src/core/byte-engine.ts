/** Receives whole messages from an engine. */
export interface WholeMessageSink {
  /** While true, no further message is read. */
  readonly isStopped: boolean
  /**
   * An unfragmented message without RSV1, unmasked, in `bytes[start, end)`; valid during the call only (RFC 6455 §5.2).
   * The engine calls nothing else for it.
   */
  onWholeMessage(opcode: number, bytes: Buffer, start: number, end: number, isAscii: boolean): void
}

/**
 * The work on bytes for which faster code than the plain one exists. `plainEngine` is the reference: every other engine
 * must give the same results.
 */
export interface ByteEngine {
  /**
   * Masks or unmasks `bytes[start, end)` in place with a key of `readMaskingKey` (RFC 6455 §5.3). Returns whether all
   * resulting bytes are ASCII.
   */
  mask(bytes: Uint8Array, start: number, end: number, key: number): boolean
  /**
   * Reads masked, unfragmented messages of less than 64 KiB from the beginning of `bytes[start, end)`, as long as each is
   * complete and its header valid. Returns where the next frame begins. An engine may leave any of them, even all, to the
   * frame parser.
   */
  readMessages(bytes: Buffer, start: number, end: number, sink: WholeMessageSink): number
  /** Returns memory of `size` to `2 * size` bytes for reuse, or null when there is none. */
  takeBuffer(size: number): Buffer | null
  /** Offers memory for reuse that is no longer read. */
  keepBuffer(buffer: Buffer): void
}
