import { BufferView } from '../fast/buffer-view.ts'
import { messageRun } from '../fast/message-run.ts'

/** Overwrites lent bytes behind each callback, so that a view used too late shows: `DWEBSOCKET_DEBUG_BORROWED=1`. */
const isOverwriting = process.env['DWEBSOCKET_DEBUG_BORROWED'] === '1'
const OVERWRITTEN = 0xdb

const { window } = messageRun
/** The getter of a Buffer is not free. */
const windowMemory = window.buffer as ArrayBuffer

/** The memory of the message that a callback borrows at this moment. */
let lentMemory: ArrayBufferLike | null = null

/** What passes a message on to the callback; must not throw. */
export interface Borrower {
  deliver(view: Buffer, isBinary: boolean, isLent: boolean): void
}

/** Whether `bytes` lie in memory that is reused as soon as the callback that runs now returns. */
export function isLent(bytes: Uint8Array): boolean {
  return lentMemory !== null && bytes.buffer === lentMemory
}

/** Calls `deliver` of `borrower` with a view of `bytes[start, end)` that is valid until it returns. */
export function lend(bytes: Buffer, start: number, end: number, isBinary: boolean, borrower: Borrower): void {
  // A callback may make another connection receive meanwhile.
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
