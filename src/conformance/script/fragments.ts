import { type FrameSpec, Op } from '../wire/index.ts'

/**
 * Cuts a frame into fragments of `size` bytes as the Autobahn testsuite does: a payload that is longer than `size` and
 * an exact multiple of it ends in an empty frame.
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
