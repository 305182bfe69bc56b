import type { ProtocolError } from './errors.ts'

/**
 * Compresses and decompresses the messages of one connection (RFC 7692 §6). The core hands in whole messages in
 * order, and the next one only after `done` of the one before; `done` is called exactly once, perhaps before the call
 * returns. The bytes passed in are valid during the call only: a codec that works on them later copies them, unless
 * `isOwned` is true, when nothing else writes to them any more. What `compress` returns must be sent: with context
 * takeover the next message may refer to it.
 */
export interface MessageCodec {
  /** Inflates one message; more than `limit` bytes of output is a ProtocolError 1009, bad data 1007. */
  decompress(
    payload: Uint8Array,
    limit: number,
    done: (error: ProtocolError | null, message: Uint8Array) => void,
    isOwned?: boolean,
  ): void
  /** Whether a message of `size` bytes is worth compressing now (threshold, memory budget). */
  wantsCompression(size: number): boolean
  /** Deflates one message; `null` when it should be sent uncompressed. */
  compress(message: Uint8Array, done: (payload: Uint8Array | null) => void, isOwned?: boolean): void
  /**
   * What `compressShared` makes of a message is the same for all codecs of this name, and refers to no other message.
   * Null, or not there, where every message may refer to those before it (context takeover).
   */
  readonly sharing?: string | null | undefined
  /** Bytes of memory in use for a message that waits to be inflated or is inflated. Default 0. */
  readonly memoryUsed?: number | undefined
  /** Deflates one message at once, for every connection of the same `sharing`; `null` when it should be sent uncompressed. */
  compressShared?(message: Uint8Array): Uint8Array | null
  /** Begins to inflate one message as it arrives. Needed for streamed messages only. */
  inflateStream?(sink: InflateSink): MessageInflater
  /** Begins to deflate one message part by part; null when it should be sent uncompressed. Needed for streamed messages only. */
  deflateStream?(): MessageDeflater | null
  /** The connection is gone: frees every context and drops pending work, whose `done` is not called any more. */
  release(): void
}

/** Inflates one message, piece by piece. The next piece may be handed in after `onInflatedPiece`. */
export interface MessageInflater {
  /** Inflates a piece, which is valid during the call only. */
  push(piece: Uint8Array, last: boolean): void
  /** No more output is delivered, and none is made beyond some chunks, until `resume`. */
  pause(): void
  resume(): void
  /** The message is complete or discarded; the sink is not called any more. */
  release(): void
}

/** Receives a message that is inflated piece by piece. */
export interface InflateSink {
  /** The next part of the message; it belongs to the receiver. */
  onInflated(bytes: Buffer): void
  /** The piece is inflated and all of it was delivered. */
  onInflatedPiece(): void
  /** The message cannot be inflated; nothing follows. */
  onInflateError(error: ProtocolError): void
}

/** Deflates one message, part by part. */
export interface MessageDeflater {
  /** Resolves with the payload of the next fragment. `part` must not change meanwhile. */
  push(part: Uint8Array): Promise<Buffer>
  /** Returns the payload of the last fragment. */
  finish(): Buffer
  release(): void
}
