import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { EMPTY } from '../core/empty.ts'
import { isFastEnabled } from './enabled.ts'
import { messageRun } from './message-run.ts'

/*
 * Undocumented internals of Node's sockets. Each use first checks that the internals exist. Without them, sockets are
 * used like other streams.
 *
 * All sockets are read into one static window. A new 64 KiB buffer per read would cost 1.22 times as much CPU time per
 * small message, and 1.5 times as much per large one. Node offers such a window (`onread`) only for outgoing
 * connections. For accepted sockets, the same fields are set here.
 */

/** The window, as large as libuv's read size. Its content is valid until the callback that received it returns. */
export const readWindow: Buffer = messageRun.window

/** The symbols of the fields that make Node read a socket into a buffer that the user provides. */
interface OnReadFields {
  buffer: symbol
  callback: symbol
}

/** The members of a socket's handle that are used. */
interface Handle {
  useUserBuffer?: (buffer: Uint8Array) => void
  /** Whether the handle is being read. Accepted sockets are read from the start. */
  reading?: boolean
  /** Number of bytes passed to libuv. */
  bytesWritten?: number
  /** Number of these bytes that libuv has not written yet. */
  writeQueueSize?: number
  /** The underlying handle of a TLS socket. */
  _parent?: Handle | null
}

type Fields = Record<symbol, unknown> & { _handle?: Handle | null }

/** Finds the fields in a new socket with `onread` by their values; null when Node stores them elsewhere. */
function findFields(): OnReadFields | null {
  const callback = (): boolean => true
  const socket = new Socket({ onread: { buffer: readWindow, callback } } as ConstructorParameters<typeof Socket>[0])
  const fields = socket as unknown as Fields
  const symbols = Object.getOwnPropertySymbols(fields)
  const bufferField = symbols.find((symbol) => fields[symbol] === readWindow)
  const callbackField = symbols.find((symbol) => fields[symbol] === callback)
  socket.destroy()
  if (bufferField === undefined || callbackField === undefined) return null
  // If an accepted socket has both fields, with the value null, Node checks them on each read.
  const plain = new Socket() as unknown as Fields
  const isThere = plain[bufferField] === null && plain[callbackField] === null
  return isThere ? { buffer: bufferField, callback: callbackField } : null
}

const fields = findFields()

/**
 * Makes Node read `socket` into the window and call `onRead` on it with the number of bytes, in flowing mode or not.
 * Returns false and changes nothing when that is impossible: for streams other than plain sockets, and in other
 * versions of Node.
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

/** Node's own listener for the end of sockets; undefined in versions of Node that have none. */
const nodeEndListener = new Socket().listeners('end')[0] as ((this: Duplex) => void) | undefined

/** A listener for the end of a socket that also calls Node's own. A list of two would need 64 bytes per socket. */
export type EndListener = (this: Duplex) => void

/** Returns a listener that calls Node's own listener for the end of a socket, then `onEnd`. */
export function withNodeEndListener(onEnd: EndListener): EndListener {
  return function (this: Duplex): void {
    nodeEndListener!.call(this)
    onEnd.call(this)
  }
}

/** Replaces Node's own listener with `merged`. Returns false and changes nothing when `stream` does not have it. */
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
 * Returns how many bytes of the output of a socket the kernel has accepted, including those of a partial write;
 * encrypted bytes for a TLS socket. Returns null when Node does not provide it.
 */
export function kernelAcceptedBytes(socket: object): number | null {
  if (!(socket instanceof Socket)) return null
  const { _handle: handle } = socket as unknown as Fields
  const { bytesWritten, writeQueueSize } = handle?._parent ?? handle ?? {}
  return bytesWritten === undefined || writeQueueSize === undefined ? null : bytesWritten - writeQueueSize
}

/** Returns the number of writes that wait in a stream behind the current one; 0 when Node does not provide it. */
export function waitingWrites(stream: Duplex): number {
  const state = (stream as { _writableState?: { bufferedRequestCount?: number } })._writableState
  return state?.bufferedRequestCount ?? 0
}

/**
 * Writes an empty buffer to a socket, which fails once the system has found that the peer is gone. A TLS socket ignores
 * an empty write, so the buffer is written to the underlying socket.
 */
export function writeNothing(socket: Socket): void {
  const below = isFastEnabled ? (socket as { _parent?: unknown })._parent : null
  const target = below instanceof Socket ? below : socket
  target.write(EMPTY)
}
