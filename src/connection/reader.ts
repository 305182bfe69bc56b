import type { Duplex } from 'node:stream'

/** What a reader calls with each chunk; the bytes are the receiver's own during the call. */
export type BytesHandler = (bytes: Buffer, start: number, end: number) => void

/** The flow of bytes from one stream, which can be stopped and started. */
export interface Reader {
  stop(): void
  start(): void
}

/** Reads a stream by its `'data'` events; works on every Duplex. */
export function readStream(stream: Duplex, onBytes: BytesHandler): Reader {
  stream.on('data', (chunk: Buffer) => onBytes(chunk, 0, chunk.length))
  return { stop: () => stream.pause(), start: () => stream.resume() }
}
