import type { Bounds, BoundsOptions } from './bounds.ts'

/** The values of `binaryType`. */
export const binaryTypes = ['nodebuffer', 'arraybuffer', 'fragments', 'blob'] as const

/** What listeners of `'message'` are called with: a Buffer unless `binaryType` says otherwise. */
export type RawData = Buffer | ArrayBuffer | Buffer[]

/** How binary messages are delivered. */
export type BinaryType = (typeof binaryTypes)[number]

/** How one message is sent. */
export interface SendOptions {
  /** Default: true, but for a string. */
  binary?: boolean | undefined
  /** Default true. */
  compress?: boolean | undefined
  /** Default true. */
  fin?: boolean | undefined
  /** Default: true for a client. */
  mask?: boolean | undefined
}

/** What a socket of a server is created with. */
export interface SocketOptions {
  autoPong?: boolean | undefined
  closeTimeout?: number | undefined
}

/** How an upgraded stream is read. */
export interface StreamOptions {
  allowSynchronousEvents?: boolean | undefined
  generateMask?: ((key: Buffer) => void) | undefined
  maxBufferedChunks?: number | undefined
  maxFragments?: number | undefined
  maxPayload?: number | undefined
  maxPendingAutoPongs?: number | undefined
  skipUTF8Validation?: boolean | undefined
  /** Bounds of this package; default: none. */
  dwebsocket?: boolean | BoundsOptions | Bounds | undefined
}
