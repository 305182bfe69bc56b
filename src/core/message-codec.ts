import type { ProtocolError } from './errors.ts'

/**
 * Compresses and decompresses the messages of one connection (RFC 7692 §6). The core passes whole messages in order,
 * and waits for `done` before it passes the next one. `done` is called exactly once, possibly before `compress` or
 * `decompress` returns. After `release`, it is not called. Input bytes are valid during the call only, so a codec that
 * works on them later must copy them, unless `isOwned` is true: then nothing else writes to them. The result of
 * `compress` must be sent, because with context takeover the next message may refer to it.
 */
export interface MessageCodec {
  /** Decompresses a message. The error is 1009 when the output exceeds `limit` bytes, 1007 when the data is invalid. */
  decompress(
    payload: Uint8Array,
    limit: number,
    done: (error: ProtocolError | null, message: Uint8Array) => void,
    isOwned?: boolean,
  ): void
  /** Returns whether a message of `size` bytes should be compressed now (threshold, memory budget). */
  wantsCompression(size: number): boolean
  /** Compresses a message. The result is null when the message should be sent uncompressed. */
  compress(message: Uint8Array, done: (payload: Uint8Array | null) => void, isOwned?: boolean): void
  /**
   * Codecs with the same `sharing` compress a message with `compressShared` to the same bytes, which refer to no other
   * message. Null or undefined when messages may refer to earlier ones (context takeover).
   */
  readonly sharing?: string | null | undefined
  /** Memory in use, in bytes, for messages that are being decompressed or wait to be decompressed. Default 0. */
  readonly memoryUsed?: number | undefined
  /**
   * Compresses a message synchronously, for all connections with the same `sharing`. Returns null when the message
   * should be sent uncompressed.
   */
  compressShared?(message: Uint8Array): Uint8Array | null
  /** Starts to decompress a message piece by piece. Required for streamed messages only. */
  inflateStream?(sink: InflateSink): MessageInflater
  /**
   * Starts to compress a message part by part. Returns null when the message should be sent uncompressed. Required for
   * streamed messages only.
   */
  deflateStream?(): MessageDeflater | null
  /** Called when the connection has closed. Frees all contexts and cancels pending work, without calling its `done`. */
  release(): void
}

/** Decompresses one message piece by piece. The next piece may be passed after `onInflatedPiece`. */
export interface MessageInflater {
  /** Decompresses a piece, which is valid during the call only. `last` is true for the last piece of the message. */
  push(piece: Uint8Array, last: boolean): void
  /** Stops output until `resume`. The inflater may produce a few more chunks, which it stores. */
  pause(): void
  resume(): void
  /** Called when the message is complete or discarded. The sink is not called anymore. */
  release(): void
}

/** The callbacks for a message that is decompressed piece by piece. */
export interface InflateSink {
  /** Called with the next part of the message. The sink may keep and change it. */
  onInflated(bytes: Buffer): void
  /** Called when the whole piece was decompressed and delivered. */
  onInflatedPiece(): void
  /** Called when the message cannot be decompressed. No other call follows. */
  onInflateError(error: ProtocolError): void
}

/** Compresses one message part by part. */
export interface MessageDeflater {
  /** Resolves with the payload of the next fragment. `part` must not change until then. */
  push(part: Uint8Array): Promise<Buffer>
  /** Returns the payload of the last fragment. */
  finish(): Buffer
  /** Frees the compressor. Called when the message is complete, or when the rest of it is not sent. */
  release(): void
}
