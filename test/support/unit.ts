import { suite as uvuSuite } from 'uvu'
import * as assert from 'uvu/assert'

/** What a test may do besides asserting. */
export interface TestContext {
  /** Registers a clean-up; the newest runs first, also when the test fails. */
  after(cleanUp: () => unknown): void
}

export type TestBody = (t: TestContext) => unknown

export interface Suite {
  (sentence: string, body: TestBody): void
  /** Leaves the test out and prints why. */
  skip(sentence: string, reason: string): void
}

/** How a test ended; plain data, which crosses processes. */
export interface Outcome {
  readonly suite: string
  readonly sentence: string
  /** The first line of what it failed with; `null` when it passed or was skipped. */
  readonly error: string | null
  /** Why it was skipped; `null` when it ran. */
  readonly skipped: string | null
}

let report: (outcome: Outcome) => void = () => {}

/** Calls `listener`, and no longer the one before it, with the outcome of every test that ends. */
export function onOutcome(listener: (outcome: Outcome) => void): void {
  report = listener
}

/** Default limit in milliseconds for a single test: a bound on hangs, never an assertion on speed. */
const TIME_LIMIT = 60_000

/** The real ones, whatever a test does to the clock. */
const { setTimeout, clearTimeout } = globalThis

const cleanUpsOfEach: (() => unknown)[] = []

/** Registers a clean-up for every test: for helpers that open what tests may forget. */
export function afterEachTest(cleanUp: () => unknown): void {
  cleanUpsOfEach.push(cleanUp)
}

/**
 * A uvu suite without uvu's traps: it runs itself (no forgotten `.run()`), every test and each of its clean-ups has a time
 * limit, and what a test opened is closed when it ends.
 */
export function suite(name: string, options: { timeLimit?: number } = {}): Suite {
  const tests = uvuSuite(name)
  const timeLimit = options.timeLimit ?? TIME_LIMIT
  queueMicrotask(() => tests.run())
  const add = (sentence: string, body: TestBody): void => {
    tests(sentence, async () => {
      let error: string | null = null
      try {
        await runBody(sentence, body, timeLimit)
      } catch (thrown) {
        error = firstLineOf(thrown)
        throw thrown
      } finally {
        report({ suite: name, sentence, error, skipped: null })
      }
    })
  }
  return Object.assign(add, {
    skip(sentence: string, reason: string) {
      tests.skip(sentence)
      report({ suite: name, sentence, error: null, skipped: reason })
      console.log(`skipped: ${name}: ${sentence} (${reason})`)
    },
  })
}

/** What was thrown in one line. */
export function firstLineOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0]
}

let testNumber = 0

/** Returns a function that says whether the test that runs now has ended. */
export function watchTest(): () => boolean {
  const own = testNumber
  return () => testNumber !== own
}

/** Runs the body and then every clean-up, whatever fails; throws the first failure. */
async function runBody(sentence: string, body: TestBody, timeLimit: number): Promise<void> {
  const cleanUps: (() => unknown)[] = []
  const failures: { error: unknown }[] = []
  const attempt = async (action: () => unknown, name: string): Promise<void> => {
    try {
      await within(timeLimit, action, name)
    } catch (error) {
      failures.push({ error })
    }
  }
  await attempt(() => body({ after: (cleanUp) => cleanUps.unshift(cleanUp) }), `“${sentence}”`)
  testNumber++
  // Those for every test come first: they close clients, and a server waits for its clients when it closes.
  for (const cleanUp of [...cleanUpsOfEach, ...cleanUps]) {
    await attempt(cleanUp, `the clean-up ${describeFunction(cleanUp)} of “${sentence}”`)
  }
  if (failures.length > 0) throw failures[0].error
}

/** Resolves when the action has ended; rejects when it fails, or takes longer than so many milliseconds. */
async function within(limit: number, action: () => unknown, name: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} took longer than ${limit} ms`)), limit)
  })
  try {
    await Promise.race([action(), late])
  } finally {
    clearTimeout(timer)
  }
}

/** The code of a function, shortened to one line. */
function describeFunction(code: () => unknown): string {
  return String(code).replaceAll(/\s+/g, ' ').slice(0, 100)
}

/** The error that `action` throws or rejects with; fails when it does neither. */
export async function thrownBy(action: () => unknown): Promise<Error & { code?: string }> {
  try {
    await action()
  } catch (error) {
    return error as Error
  }
  assert.unreachable('expected an error, nothing was thrown')
  throw new Error('unreachable')
}

export { assert }
