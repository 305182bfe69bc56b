/** The callback of an engine for messages that arrived whole. */
export interface WholeMessageSink {
  /** While true, the engine reads no further message. */
  readonly isStopped: boolean
  /**
   * Called with an uncompressed message in a single frame (RFC 6455 §5.2). Its unmasked payload is `bytes[start, end)`,
   * which is valid during the call only. `isAscii` is true when the whole payload is ASCII. The engine makes no other
   * call for this message.
   */
  onWholeMessage(opcode: number, bytes: Buffer, start: number, end: number, isAscii: boolean): void
}

/**
 * Byte operations that may be implemented with faster code. `plainEngine` is the reference: every other engine must
 * give the same results.
 */
export interface ByteEngine {
  /**
   * Masks or unmasks `bytes[start, end)` in place with a key from `readMaskingKey` (RFC 6455 §5.3). Returns whether all
   * resulting bytes are ASCII.
   */
  mask(bytes: Uint8Array, start: number, end: number, key: number): boolean
  /**
   * Reads masked, unfragmented messages of less than 64 KiB from the beginning of `bytes[start, end)`. It stops at the
   * first frame that is incomplete or of any other kind, and returns where that frame begins. An engine may leave any
   * message to the frame parser, even all of them.
   */
  readMessages(bytes: Buffer, start: number, end: number, sink: WholeMessageSink): number
  /** Removes and returns a stored buffer of `size` to `2 * size` bytes; null when there is none. */
  takeBuffer(size: number): Buffer | null
  /** Stores a buffer for `takeBuffer`. The caller must not use the buffer after that. */
  keepBuffer(buffer: Buffer): void
}
