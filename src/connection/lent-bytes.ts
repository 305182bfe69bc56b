import { BufferView } from '../fast/buffer-view.ts'
import { messageRun } from '../fast/message-run.ts'

/**
 * Whether to overwrite borrowed bytes after each callback, to find views that are used too late
 * (`DWEBSOCKET_DEBUG_BORROWED=1`).
 */
const isOverwriting = process.env['DWEBSOCKET_DEBUG_BORROWED'] === '1'
const OVERWRITTEN = 0xdb

const { window } = messageRun
/** Cached, because reading `buffer` of a Buffer is slow. */
const windowMemory = window.buffer as ArrayBuffer

/** The memory of the message that a running callback has borrowed. */
let lentMemory: ArrayBufferLike | null = null

/** Passes a message to the callback. Must not throw. */
export interface Borrower {
  deliver(view: Buffer, isBinary: boolean, isLent: boolean): void
}

/** Returns whether `bytes` are in memory that is reused as soon as the running callback returns. */
export function isLent(bytes: Uint8Array): boolean {
  return lentMemory !== null && bytes.buffer === lentMemory
}

/** Calls `deliver` of `borrower` with a view of `bytes[start, end)` that is valid until `deliver` returns. */
export function lend(bytes: Buffer, start: number, end: number, isBinary: boolean, borrower: Borrower): void {
  // The callback may cause another connection to receive input.
  const outer = lentMemory
  const view = viewOf(bytes, start, end)
  borrower.deliver(view, isBinary, true)
  lentMemory = outer
  if (isOverwriting) view.fill(OVERWRITTEN)
}

function viewOf(bytes: Buffer, start: number, end: number): Buffer {
  if (bytes === window) {
    lentMemory = windowMemory
    return new BufferView(windowMemory, start, end - start)
  }
  lentMemory = bytes.buffer
  return bytes.subarray(start, end)
}
