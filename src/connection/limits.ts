import { compressedLimit, type MessageLimits } from '../core/message-assembler.ts'
import { choice, type OptionRule, orNull, positive } from '../options/option-rule.ts'
import { readOptions } from '../options/read-options.ts'

/** A rate: at most `perSecond` messages, bytes or pings on average, and at most `burst` at once (a token bucket). */
export interface RateLimit {
  perSecond: number
  /** Default: ten times `perSecond`. */
  burst?: number | undefined
}

/**
 * The limits of one connection (RFC 6455 §10.4). Sizes are in bytes, times in milliseconds, and `Infinity` turns a
 * limit off. Each description says what happens when the limit is exceeded.
 */
export interface ConnectionLimits extends MessageLimits {
  /** Maximum size of a message that is received as a stream; above it, Close 1009. Default `Infinity`. */
  maxStreamSize: number
  /**
   * When more bytes than this wait to be sent, `send` returns `'backpressure'`, and a server pauses reading. Default
   * 1 MiB.
   */
  highWaterMark: number
  /**
   * Maximum number of bytes that wait to be sent. `overflow` defines what happens to a message that would exceed it.
   * Default 16 MiB.
   */
  maxBufferedAmount: number
  /**
   * Whether a message that would exceed `maxBufferedAmount` closes the connection with 1013, or is dropped. Default
   * `'close'`.
   */
  overflow: 'close' | 'drop'
  /** Maximum rate of messages from the peer; see `overRate`. Default null: no limit. */
  messageRate: RateLimit | null
  /** Maximum rate of bytes from the peer; see `overRate`. Default null: no limit. */
  byteRate: RateLimit | null
  /**
   * Maximum rate of pings from the peer; see `overRate`. Null means no limit. Default 1,000 per second, 10,000 at once.
   */
  pingRate: RateLimit | null
  /**
   * Whether a peer that exceeds a rate is read more slowly, or its connection is closed with 1013. Default `'pause'`.
   */
  overRate: 'pause' | 'close'
  /** Time limit for a frame header once it has begun; then Close 1013. Default 10 s. */
  headerTimeout: number
  /**
   * Minimum rate of a payload in bytes per second, averaged over ten seconds; below it, Close 1013. 0 turns it off.
   * Default 1024.
   */
  minPayloadRate: number
  /**
   * Time limit for a message once it has begun, or for the next part of a streamed message; then Close 1013. Default 60
   * s.
   */
  messageTimeout: number
  /**
   * Time limit for the reply to a Close frame; then the transport is closed. It starts again while the peer reads what
   * was sent before at more than 1,000 bytes per second. Default 5 s.
   */
  closeTimeout: number
  /** Time without a byte from the peer after which a ping is sent. Default 25 s. */
  pingInterval: number
  /**
   * Time without a byte from the peer after a keepalive ping; then the transport is closed, and `onClose` is called
   * with 1006. Default 20 s.
   */
  pingTimeout: number
  /** Time without a message in either direction; then Close 1001. Default `Infinity`. */
  idleTimeout: number
  /** Maximum duration of a connection; then Close 1001. Default `Infinity`. */
  maxLifetime: number
}

const rate: OptionRule<RateLimit> = {
  fallback: { perSecond: 1_000 },
  type: null,
  allowed: '{ perSecond, burst? } of positive numbers',
  accepts(value) {
    const { perSecond, burst = 1 } = (value ?? {}) as Partial<RateLimit>
    return isPositive(perSecond) && isPositive(burst)
  },
}

const rules = {
  maxMessageSize: positive(1024 * 1024),
  maxStreamSize: positive(Number.POSITIVE_INFINITY),
  maxFrames: positive(131_072),
  highWaterMark: positive(1024 * 1024),
  maxBufferedAmount: positive(16 * 1024 * 1024),
  overflow: choice('close', 'drop'),
  messageRate: orNull(rate),
  byteRate: orNull(rate),
  pingRate: orNull(rate, rate.fallback),
  overRate: choice('pause', 'close'),
  headerTimeout: positive(10_000),
  minPayloadRate: {
    ...positive(1024),
    allowed: 'a number from 0 up',
    accepts: (value: unknown) => (value as number) >= 0,
  },
  messageTimeout: positive(60_000),
  closeTimeout: positive(5_000),
  pingInterval: positive(25_000),
  pingTimeout: positive(20_000),
  idleTimeout: positive(Number.POSITIVE_INFINITY),
  maxLifetime: positive(Number.POSITIVE_INFINITY),
}

/** The default limits of every connection. */
export const defaultLimits: Readonly<ConnectionLimits> = readOptions(rules, {})

/** The limits as options. A limit that is absent or undefined has its default. */
export type LimitOptions = { [Name in keyof ConnectionLimits]?: ConnectionLimits[Name] | undefined }

/**
 * Reads the limits in `options`. Those that are missing come from `base`.
 *
 * @param path The text before a name in error messages. Default `''`.
 * @throws {TypeError} when a limit has the wrong type.
 * @throws {RangeError} when a limit is not allowed.
 */
export function readLimits(
  options: LimitOptions,
  base: Readonly<ConnectionLimits> = defaultLimits,
  path = '',
): ConnectionLimits {
  return readOptions(rules, options, path, base)
}

/** Memory of a connection without traffic, for its objects, socket and request. Measured: 5 KB. */
const IDLE_BYTES = 16 * 1024
/** Size of one read, and of what is read ahead while the connection is paused. */
const CHUNK_BYTES = 2 * 64 * 1024

/**
 * Returns the maximum memory in bytes that a connection with these limits can use, whatever its peer does (RFC 6455
 * §10.4): the message in progress and its copy while its buffer grows, unparsed input, unsent output, and the
 * connection itself. With `deflate: true`, it includes what permessage-deflate needs: its windows, the decompressed
 * message, and the payload that waits to be decompressed. It does not include the queue of a session, which can hold
 * `queueHighBytes` plus one message.
 */
export function worstCaseBytes(limits: ConnectionLimits, { deflate = false } = {}): number {
  const { maxMessageSize, maxBufferedAmount } = limits
  const wire = deflate ? compressedLimit(maxMessageSize) : maxMessageSize
  const growing = Math.max(2 * wire, 4 * 4096)
  const inflating = deflate ? wire + 2 * maxMessageSize + 2 * 32 * 1024 : 0
  return IDLE_BYTES + CHUNK_BYTES + growing + inflating + maxBufferedAmount
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && value > 0
}
