import { Random } from './random.ts'

/** Something that is fed with bytes and held against an oracle. */
export interface Target {
  readonly name: string
  generate(random: Random): Buffer
  /** Throws where the code and its oracle differ; the same `variant` is the same check. Returns the frames it was fed. */
  check(input: Buffer, variant: number): number | Promise<number>
  close?(): Promise<void>
}

/** What was found, in its smallest form. */
export interface Finding {
  target: string
  seed: number
  input: Buffer
  variant: number
  error: unknown
}

/** How much shrinking may try. */
const MOST_ATTEMPTS = 3_000

/** Makes the input of `seed` and checks it; a failure is shrunk. Returns the number of frames, or the finding. */
export async function runCase(target: Target, seed: number): Promise<number | Finding> {
  const input = target.generate(new Random(seed))
  try {
    return await target.check(Buffer.from(input), seed)
  } catch {
    return shrink(target, seed, input)
  }
}

/** Takes away what the failure does not need: halves, quarters, …, bytes; then makes bytes zero. */
export async function shrink(target: Target, seed: number, input: Buffer): Promise<Finding> {
  let attempts = 0
  const failure = async (candidate: Buffer): Promise<unknown> => {
    attempts++
    try {
      await target.check(Buffer.from(candidate), seed)
      return null
    } catch (error) {
      return error
    }
  }
  let smallest = input
  let error = await failure(input)
  const tryTo = async (candidate: Buffer): Promise<boolean> => {
    const found = attempts < MOST_ATTEMPTS ? await failure(candidate) : null
    if (found === null) return false
    smallest = candidate
    error = found
    return true
  }
  for (let size = input.length >> 1; size >= 1; size = size >> 1) {
    for (let at = 0; at < smallest.length; ) {
      const without = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + size)])
      if (!(await tryTo(without))) at += size
    }
  }
  for (let at = 0; at < smallest.length; at++) {
    if (smallest[at] === 0) continue
    const simpler = Buffer.from(smallest)
    simpler[at] = 0
    await tryTo(simpler)
  }
  return { target: target.name, seed, input: smallest, variant: seed, error }
}
