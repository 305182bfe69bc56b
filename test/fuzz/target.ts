import fc, { type Arbitrary } from 'fast-check'

/** A part of the project that is compared with an oracle on generated input. */
export interface Target<Input = unknown> {
  readonly name: string
  readonly inputs: Arbitrary<Input>
  /** Throws where the code and its oracle differ. Returns the number of WebSocket frames in the input. */
  check(input: Input): number | Promise<number>
  close?(): Promise<void>
}

/** A difference between the code and the oracle, with its smallest input. */
export interface Finding {
  readonly target: string
  /** The seed, which together with `path` repeats the finding. */
  readonly seed: number
  readonly path: string
  readonly input: unknown
  readonly error: unknown
}

/** Milliseconds that shrinking one finding may last. */
const SHRINKING_TIME = 60_000

/** Checks `count` inputs. Returns the number of frames, or the first finding. */
export async function runCases(target: Target, seed: number, count: number, path?: string): Promise<number | Finding> {
  let frames = 0
  const agrees = fc.asyncProperty(target.inputs, async (input) => {
    frames += await target.check(input)
  })
  const limits = { numRuns: count, interruptAfterTimeLimit: SHRINKING_TIME, markInterruptAsFailure: false }
  const result = await fc.check(agrees, { ...limits, seed, ...(path === undefined ? {} : { path }) })
  if (!result.failed) return frames
  const { counterexample, counterexamplePath, errorInstance } = result
  return {
    target: target.name,
    seed: result.seed,
    path: counterexamplePath ?? '',
    input: counterexample?.[0],
    error: errorInstance,
  }
}
