import { type FrameSpec, Op } from '../wire/index.ts'

/**
 * Splits a frame into fragments of `size` bytes as the Autobahn test suite does: when the payload is longer than `size`
 * and an exact multiple of it, the last fragment is empty.
 */
export function cutFrame(frame: FrameSpec & { payload: Uint8Array }, size: number): FrameSpec[] {
  const { payload } = frame
  if (payload.length <= size) return [frame]
  const count = Math.floor(payload.length / size) + 1
  return Array.from({ length: count }, (_, index) => ({
    ...(index === 0 ? frame : { opcode: Op.CONT }),
    payload: payload.subarray(index * size, (index + 1) * size),
    fin: index === count - 1,
  }))
}
