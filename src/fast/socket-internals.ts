import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { EMPTY } from '../core/empty.ts'
import { isFastEnabled } from './enabled.ts'
import { messageRun } from './message-run.ts'

/*
 * What Node does not document about sockets. Every use is behind a check that the internals are there; without them
 * sockets are used as other streams are.
 *
 * Every socket reads into one static window instead of a fresh 64 KiB buffer per read: 1.22 times less CPU per message
 * one at a time, 1.5 times for large ones. Node offers that (`onread`) only to sockets that connect; for accepted ones
 * the same fields are set by hand.
 */

/** The window, as large as libuv's read size. Its content is valid until the callback that received it returns. */
export const readWindow: Buffer = messageRun.window

/** The symbols of the fields that make Node read a socket into a buffer of the user. */
interface OnReadFields {
  buffer: symbol
  callback: symbol
}

/** What is used of a socket's handle. */
interface Handle {
  useUserBuffer?: (buffer: Uint8Array) => void
  /** Whether it is being read; accepted sockets are from the start. */
  reading?: boolean
  /** Bytes passed to libuv. */
  bytesWritten?: number
  /** Bytes of those that libuv still has. */
  writeQueueSize?: number
  /** The handle below that of a TLS socket. */
  _parent?: Handle | null
}

type Fields = Record<symbol, unknown> & { _handle?: Handle | null }

/** Finds them by creating a socket with `onread` and looking for the two values; null where Node stores them elsewhere. */
function findFields(): OnReadFields | null {
  const callback = (): boolean => true
  const socket = new Socket({ onread: { buffer: readWindow, callback } } as ConstructorParameters<typeof Socket>[0])
  const fields = socket as unknown as Fields
  const symbols = Object.getOwnPropertySymbols(fields)
  const bufferField = symbols.find((symbol) => fields[symbol] === readWindow)
  const callbackField = symbols.find((symbol) => fields[symbol] === callback)
  socket.destroy()
  if (bufferField === undefined || callbackField === undefined) return null
  // An accepted socket must have both fields, empty: then Node reads them on each read.
  const plain = new Socket() as unknown as Fields
  const isThere = plain[bufferField] === null && plain[callbackField] === null
  return isThere ? { buffer: bufferField, callback: callbackField } : null
}

const fields = findFields()

/**
 * Makes Node read `socket` into the window, and call `onRead` on it with the number of bytes, whether it flows or not.
 * Returns false, with nothing changed, where that is impossible: streams that are not plain sockets, another Node.
 */
export function readIntoWindow(socket: object, onRead: (this: Duplex, size: number) => boolean): boolean {
  if (fields === null || !(socket instanceof Socket) || socket.constructor !== Socket) return false
  const target = socket as unknown as Fields
  const { _handle: handle } = target
  if (typeof handle?.useUserBuffer !== 'function') return false
  if (target[fields.callback] !== onRead) {
    target[fields.buffer] = readWindow
    target[fields.callback] = onRead
    handle.useUserBuffer(readWindow)
  }
  if (handle.reading !== true || socket.isPaused()) socket.resume()
  return true
}

/** Node's own listener for the end of every socket; undefined where Node has another way. */
const nodeEndListener = new Socket().listeners('end')[0] as ((this: Duplex) => void) | undefined

/** Our listener for the end of a socket, and Node's in one: a list of two would be 64 bytes for each socket. */
export type EndListener = (this: Duplex) => void

/** Returns a listener that calls Node's own listener for the end of a socket, then `onEnd`. */
export function withNodeEndListener(onEnd: EndListener): EndListener {
  return function (this: Duplex): void {
    nodeEndListener!.call(this)
    onEnd.call(this)
  }
}

/** Replaces Node's own listener by `merged`; returns false, with nothing changed, where `stream` does not have it. */
export function replaceNodeEndListener(stream: Duplex, merged: EndListener): boolean {
  if (nodeEndListener === undefined || stream.listenerCount('end', nodeEndListener) !== 1) return false
  stream.off('end', nodeEndListener).on('end', merged)
  return true
}

/** Undoes `replaceNodeEndListener`. */
export function restoreNodeEndListener(stream: Duplex, merged: EndListener): void {
  if (stream.listenerCount('end', merged) === 1) stream.off('end', merged).prependListener('end', nodeEndListener!)
}

/**
 * Bytes of a socket, of a TLS socket encrypted ones, that the kernel has accepted, including a partly finished write;
 * null where Node does not tell.
 */
export function kernelAcceptedBytes(socket: object): number | null {
  if (!(socket instanceof Socket)) return null
  const { _handle: handle } = socket as unknown as Fields
  const { bytesWritten, writeQueueSize } = handle?._parent ?? handle ?? {}
  return bytesWritten === undefined || writeQueueSize === undefined ? null : bytesWritten - writeQueueSize
}

/** Writes that wait in a stream behind the one in progress; 0 where Node does not tell. */
export function waitingWrites(stream: Duplex): number {
  const state = (stream as { _writableState?: { bufferedRequestCount?: number } })._writableState
  return state?.bufferedRequestCount ?? 0
}

/**
 * Writes nothing to a socket, which fails when the system has found the peer gone. A TLS socket drops an empty write: it
 * goes to the socket below.
 */
export function writeNothing(socket: Socket): void {
  const below = isFastEnabled ? (socket as { _parent?: unknown })._parent : null
  const target = below instanceof Socket ? below : socket
  target.write(EMPTY)
}
