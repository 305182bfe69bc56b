import type { ServerHttp2Stream } from 'node:http2'
import type { Duplex, Writable } from 'node:stream'
import { isFastEnabled } from '../fast/enabled.ts'
import { messageRun } from '../fast/message-run.ts'
import {
  kernelAcceptedBytes,
  readIntoWindow,
  readWindow,
  replaceNodeEndListener,
  restoreNodeEndListener,
  withNodeEndListener,
} from '../fast/socket-internals.ts'
import { abortError, isHttp2Stream } from './http2-stream.ts'

/** The callbacks of a stream; it has one owner at a time. */
export interface StreamOwner {
  /** Bytes were read. They may be changed, and are valid only during the call. */
  onBytes(bytes: Buffer, start: number, end: number): void
  /** The peer has ended its half. */
  onStreamEnd(): void
  onStreamError(error: Error): void
  onStreamClose(): void
  /** The system has accepted what was written. */
  onStreamDrain(): void
}

/** The property of a stream that holds its owner: null while it has our listeners but no owner. */
const ownerKey = Symbol('owner')
type Owned = Duplex & { [ownerKey]?: StreamOwner | null }

// One set of listeners for all streams and all owners: a connection has no closures of its own.

function onEnd(this: Owned): void {
  this[ownerKey]?.onStreamEnd()
}

const onSocketEnd = withNodeEndListener(onEnd)

function onError(this: Owned, error: Error): void {
  if (this[ownerKey]) this[ownerKey].onStreamError(error)
  else this.destroy()
}

/** A stream of HTTP/2 is reset without an error when the code is CANCEL. */
function onAborted(this: Owned & ServerHttp2Stream): void {
  this[ownerKey]?.onStreamError(abortError(this))
}

function onClose(this: Owned): void {
  this[ownerKey]?.onStreamClose()
}

function onDrain(this: Owned): void {
  this[ownerKey]?.onStreamDrain()
}

/** Whether the window is being read: a callback may make another stream deliver a chunk meanwhile. */
let isBusy = false

/** Passes on what was read into the window; a stream without an owner is an ordinary one, and gets a copy. */
function onWindow(this: Owned, size: number): boolean {
  messageRun.forget()
  const owner = this[ownerKey]
  if (!owner) return this.push(Buffer.from(readWindow.subarray(0, size)))
  isBusy = true
  try {
    owner.onBytes(readWindow, 0, size)
  } finally {
    isBusy = false
  }
  return true
}

/** Chunks are copied into the window: parsing there is 1.45 times faster in bursts than in new memory each time. */
function onChunk(this: Owned, chunk: Buffer): void {
  const owner = this[ownerKey]
  if (!owner) return
  if (isBusy || chunk.length > readWindow.length) return owner.onBytes(chunk, 0, chunk.length)
  chunk.copy(readWindow)
  onWindow.call(this, chunk.length)
}

/** Adds our listeners to a stream that waits for an owner: without one, an error destroys it. */
export function guardStream(stream: Duplex): void {
  const owned = stream as Owned
  if (owned[ownerKey] !== undefined) return
  owned[ownerKey] = null
  if (!replaceNodeEndListener(stream, onSocketEnd)) stream.on('end', onEnd)
  stream.on('error', onError)
  stream.on('close', onClose)
  stream.on('drain', onDrain)
  if (isHttp2Stream(stream)) stream.on('aborted', onAborted)
}

/**
 * Makes `owner` the owner of `stream`, instead of the one before, and begins to read; plain sockets are read into the
 * shared window. `pause` and `resume` of the stream stop and continue reading.
 */
export function ownStream(stream: Duplex, owner: StreamOwner): void {
  guardStream(stream)
  ;(stream as Owned)[ownerKey] = owner
  // What was read before is still in the stream.
  if (isFastEnabled && readIntoWindow(stream, onWindow) && stream.readableLength === 0) return
  if (stream.listenerCount('data', onChunk) === 0) stream.on('data', onChunk)
  // A listener does not start a stream that was paused explicitly.
  stream.resume()
}

/** Whether the stream has an owner. */
export function hasOwner(stream: Duplex): boolean {
  return ownerOf(stream) !== null
}

/** The owner of the stream; null without one. */
export function ownerOf(stream: Duplex): StreamOwner | null {
  return (stream as Owned)[ownerKey] ?? null
}

/** Removes the owner; the stream waits for another one and delivers to its other listeners. */
export function disownStream(stream: Duplex): void {
  ;(stream as Owned)[ownerKey] = null
}

/** Restores the stream as it was before it had an owner, except for what was read. */
export function releaseStream(stream: Duplex): void {
  ;(stream as Owned)[ownerKey] = undefined
  restoreNodeEndListener(stream, onSocketEnd)
  stream.off('end', onEnd)
  stream.off('error', onError)
  stream.off('close', onClose)
  stream.off('drain', onDrain)
  stream.off('aborted', onAborted)
  stream.off('data', onChunk)
}

/** Bytes handed to streams that do not count them. */
const written = new WeakMap<Duplex, number>()

/** Counts what is handed to `stream`, for `acceptedBytes`. */
export function countWritten(stream: Writable & { bytesWritten?: number }, size: number): void {
  if (stream.bytesWritten === undefined) written.set(stream as Duplex, (written.get(stream as Duplex) ?? 0) + size)
}

/** Bytes that the system below has accepted: for sockets to the byte, for other streams when a write has finished. */
export function acceptedBytes(stream: Duplex & { bytesWritten?: number }): number {
  return kernelAcceptedBytes(stream) ?? (stream.bytesWritten ?? written.get(stream) ?? 0) - stream.writableLength
}
