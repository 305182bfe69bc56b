import { compressedLimit, type MessageLimits } from '../core/message-assembler.ts'
import { choice, type OptionRule, orNull, positive } from '../options/option-rule.ts'
import { readOptions } from '../options/read-options.ts'

/** A token bucket: `perSecond` on average, `burst` at once. */
export interface RateLimit {
  perSecond: number
  /** Default: ten seconds' worth. */
  burst?: number | undefined
}

/**
 * What one connection may cost (RFC 6455 §10.4). Sizes are bytes, times milliseconds; `Infinity` turns a limit off. Each
 * option names what follows when it is exceeded.
 */
export interface ConnectionLimits extends MessageLimits {
  /** Bytes of one message that is received as a stream; more is 1009. Default `Infinity`. */
  maxStreamSize: number
  /** When more bytes wait to be sent, `send` returns `'backpressure'` and reading from the peer stops. Default 1 MiB. */
  highWaterMark: number
  /** The most bytes that may wait to be sent; for a message that would exceed it see `overflow`. Default 16 MiB. */
  maxBufferedAmount: number
  /** A message that would exceed `maxBufferedAmount` closes the connection with 1013, or is dropped. Default `close`. */
  overflow: 'close' | 'drop'
  /** Messages from the peer; see `overRate`. Default: no limit. */
  messageRate: RateLimit | null
  /** Bytes from the peer; see `overRate`. Default: no limit. */
  byteRate: RateLimit | null
  /** Pings from the peer; see `overRate`. Default 1,000 a second, 10,000 at once. */
  pingRate: RateLimit | null
  /** A peer that exceeds a rate is read more slowly, or closed with 1013. Default `pause`. */
  overRate: 'pause' | 'close'
  /** Time for the header of a frame once it has begun; then 1013. Default 10 s. */
  headerTimeout: number
  /** Bytes a second that the payload of a frame must arrive at, over ten seconds; slower is 1013. Default 1024; 0 turns it off. */
  minPayloadRate: number
  /** Time for a whole message once it has begun, for the next part of a streamed one; then 1013. Default 60 s. */
  messageTimeout: number
  /** Time for the answer to a Close frame, and for reading the last one; then the transport is closed. Default 5 s. */
  closeTimeout: number
  /** Time without a byte from the peer after which a ping is sent. Default 25 s. */
  pingInterval: number
  /** Time without a byte after that ping; then the transport is closed, 1006. Default 20 s. */
  pingTimeout: number
  /** Time without a message in either direction; then Close 1001. Default `Infinity`. */
  idleTimeout: number
  /** The longest life of a connection; then Close 1001. Default `Infinity`. */
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
    allowed: 'a number from 0',
    accepts: (value: unknown) => (value as number) >= 0,
  },
  messageTimeout: positive(60_000),
  closeTimeout: positive(5_000),
  pingInterval: positive(25_000),
  pingTimeout: positive(20_000),
  idleTimeout: positive(Number.POSITIVE_INFINITY),
  maxLifetime: positive(Number.POSITIVE_INFINITY),
}

/** The defaults of every connection. */
export const defaultLimits: Readonly<ConnectionLimits> = readOptions(rules, {})

/** Limits as options: each may be absent or `undefined`, which is its default. */
export type LimitOptions = { [Name in keyof ConnectionLimits]?: ConnectionLimits[Name] | undefined }

/**
 * Returns the limits of `options`, filled in from `base`.
 *
 * @param path What precedes a name in error messages. Default `''`.
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

/** A connection without traffic: its objects, the socket, the request. Measured: 5 KB. */
const IDLE_BYTES = 16 * 1024
/** What one read returns, and what is read ahead while the connection is paused. */
const CHUNK_BYTES = 2 * 64 * 1024

/**
 * The most bytes of memory that a connection with these limits can pin, whatever its peer does (RFC 6455 §10.4): the
 * message in progress and its copy while its buffer grows, what was read but not parsed, what waits to be sent, and the
 * connection itself. A session adds its queue, up to its marks and one message; permessage-deflate adds its windows, the
 * inflated message, and the payload that waits to be inflated.
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
