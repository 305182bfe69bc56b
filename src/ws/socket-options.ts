import type { Bounds, BoundsOptions } from './bounds.ts'

/** The values of `binaryType`. */
export const binaryTypes = ['nodebuffer', 'arraybuffer', 'fragments', 'blob'] as const

/** The first argument of a `'message'` listener: a Buffer unless `binaryType` is set to something else. */
export type RawData = Buffer | ArrayBuffer | Buffer[]

/** The type in which binary messages are received. */
export type BinaryType = (typeof binaryTypes)[number]

/** Options of one message. */
export interface SendOptions {
  /** Whether to send a binary message. Default: true, unless the data is a string. */
  binary?: boolean | undefined
  /** Whether to compress the message when permessage-deflate was negotiated. Default true. */
  compress?: boolean | undefined
  /** Whether this is the last fragment of the message. Default true. */
  fin?: boolean | undefined
  /** Whether to mask the payload. Default: true on a client, false on a server. */
  mask?: boolean | undefined
}

/** Options of a server's socket. */
export interface SocketOptions {
  autoPong?: boolean | undefined
  closeTimeout?: number | undefined
}

/** Options of a socket that is created on an upgraded stream. */
export interface StreamOptions {
  allowSynchronousEvents?: boolean | undefined
  generateMask?: ((key: Buffer) => void) | undefined
  maxBufferedChunks?: number | undefined
  maxFragments?: number | undefined
  maxPayload?: number | undefined
  maxPendingAutoPongs?: number | undefined
  skipUTF8Validation?: boolean | undefined
  /** The limits of dwebsocket. Default: none. */
  dwebsocket?: boolean | BoundsOptions | Bounds | undefined
}
