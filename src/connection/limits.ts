import { compressedLimit, type MessageLimits } from '../core/message-assembler.ts'

/** A token bucket: `perSecond` on average, `burst` at once. */
export interface RateLimit {
  perSecond: number
  /** Default: ten seconds' worth. */
  burst?: number
}

/**
 * What one connection may cost (RFC 6455 §10.4). Sizes are bytes, times milliseconds; `Infinity` turns a limit off.
 * Every limit that is reached ends in what stands behind it.
 */
export interface ConnectionLimits extends MessageLimits {
  /** Above this many bytes waiting to be sent, `send` returns false and reading from the peer stops. Default 1 MiB. */
  highWaterMark: number
  /** The most that may wait to be sent. What would go beyond meets `overflow`. Default 16 MiB. */
  maxBufferedAmount: number
  /** What a message over `maxBufferedAmount` meets: the connection is closed with 1013, or it is dropped. Default `close`. */
  overflow: 'close' | 'drop'
  /** Messages from the peer. Over it: `overRate`. Default: none. */
  messageRate: RateLimit | null
  /** Bytes from the peer. Over it: `overRate`. Default: none. */
  byteRate: RateLimit | null
  /** Pings from the peer. Over it: `overRate`. Default 1,000 a second, 10,000 at once. */
  pingRate: RateLimit | null
  /** What a peer over its rate meets: it is read from more slowly, or closed with 1008. Default `pause`. */
  overRate: 'pause' | 'close'
  /** For the header of a frame, once begun; then 1008. Default 10 s. */
  headerTimeout: number
  /** The payload of a frame must come at this many bytes a second, over ten seconds; slower is 1008, 0 allows all. Default 1024. */
  minPayloadRate: number
  /** For a whole message, once begun; then 1008. Default 60 s. */
  messageTimeout: number
  /** For the answer to a Close frame, and for reading the last one; then the transport is cut. Default 5 s. */
  closeTimeout: number
  /** Without any byte from the peer: a ping is sent. Default 25 s. */
  pingInterval: number
  /** Without any byte after that ping: the transport is cut, 1006. Default 20 s. */
  pingTimeout: number
  /** Without any message either way: Close 1000. Default `Infinity`. */
  idleTimeout: number
  /** The longest life of a connection: then Close 1000. Default `Infinity`. */
  maxLifetime: number
}

/** The defaults of every connection. */
export const defaultLimits: Readonly<ConnectionLimits> = {
  maxMessageSize: 1024 * 1024,
  maxFrames: 131_072,
  highWaterMark: 1024 * 1024,
  maxBufferedAmount: 16 * 1024 * 1024,
  overflow: 'close',
  messageRate: null,
  byteRate: null,
  pingRate: { perSecond: 1_000 },
  overRate: 'pause',
  headerTimeout: 10_000,
  minPayloadRate: 1024,
  messageTimeout: 60_000,
  closeTimeout: 5_000,
  pingInterval: 25_000,
  pingTimeout: 20_000,
  idleTimeout: Number.POSITIVE_INFINITY,
  maxLifetime: Number.POSITIVE_INFINITY,
}

/** What a connection holds that says nothing: objects, the socket, the request. Measured: 5 KB. */
const IDLE_BYTES = 16 * 1024
/** What one read brings, and what a connection that is held keeps of it. */
const CHUNK_BYTES = 64 * 1024

/**
 * The most bytes of memory that a connection with these limits can pin, whatever its peer does (RFC 6455 §10.4): the
 * message in progress and its copy while its buffer grows, what was read and not yet parsed, what waits to be sent,
 * and itself. A view adds what it keeps, its session's queue marks and one message; permessage-deflate adds its windows,
 * once more the message for inflating, and the payload that waits for it.
 */
export function worstCaseBytes(limits: ConnectionLimits, { deflate = false } = {}): number {
  const { maxMessageSize, maxBufferedAmount } = limits
  const wire = deflate ? compressedLimit(maxMessageSize) : maxMessageSize
  const growing = Math.max(2 * wire, 4 * 4096)
  const inflating = deflate ? wire + 2 * maxMessageSize + 2 * 32 * 1024 : 0
  return IDLE_BYTES + CHUNK_BYTES + growing + inflating + maxBufferedAmount
}

const choices = { overflow: ['close', 'drop'], overRate: ['pause', 'close'] } as const
const rates = ['messageRate', 'byteRate', 'pingRate'] as const

/**
 * The limits of `options` over those of `base`. Throws a RangeError for a number that is not positive, a word that is
 * no choice or a rate that is none.
 */
export function readLimits(
  options: Partial<ConnectionLimits>,
  base: Readonly<ConnectionLimits> = defaultLimits,
): ConnectionLimits {
  const limits: Record<string, unknown> = { ...base }
  for (const name of Object.keys(base) as (keyof ConnectionLimits)[]) {
    const value = options[name]
    if (value === undefined) continue
    checkLimit(name, value)
    limits[name] = value
  }
  return limits as unknown as ConnectionLimits
}

function checkLimit(name: keyof ConnectionLimits, value: unknown): void {
  if (name === 'overflow' || name === 'overRate') {
    const allowed: readonly unknown[] = choices[name]
    if (!allowed.includes(value))
      throw new RangeError(`option ${name} is ${String(value)}; allowed: ${allowed.join(', ')}`)
  } else if (rates.some((rate) => rate === name)) {
    if (value === null) return
    const { perSecond, burst = 1 } = (value ?? {}) as Partial<RateLimit>
    if (!isPositive(perSecond) || !isPositive(burst))
      throw new RangeError(`option ${name}: perSecond and burst are positive numbers`)
  } else if (name === 'minPayloadRate' ? !(value === 0 || isPositive(value)) : !isPositive(value)) {
    throw new RangeError(`option ${name} is ${String(value)}; a positive number is allowed`)
  }
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && value > 0
}
