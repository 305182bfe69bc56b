import { suite as uvuSuite } from 'uvu'
import * as assert from 'uvu/assert'
import { releaseSharedMemory, sharedMemoryUsed } from '../../src/connection/shared-memory.ts'
import { removeUnready, unreadyConnections } from '../../src/connection/unready.ts'

/** What a test may do besides making assertions. */
export interface TestContext {
  /** Registers a clean-up. The newest runs first, even when the test fails. */
  after(cleanUp: () => unknown): void
}

export type TestBody = (t: TestContext) => unknown

export interface Suite {
  (sentence: string, body: TestBody): void
  /** Skips the test and prints the reason. */
  skip(sentence: string, reason: string): void
  /** Registers a clean-up that runs after the last test, for what several tests share. The newest runs first. */
  after(cleanUp: () => unknown): void
}

/** The outcome of a test, as plain data that can be sent to another process. */
export interface Outcome {
  readonly suite: string
  readonly sentence: string
  /** The first line of the error; `null` when the test passed or was skipped. */
  readonly error: string | null
  /** Why the test was skipped; `null` when it ran. */
  readonly skipped: string | null
}

let report: (outcome: Outcome) => void = () => {}

/** Calls `listener` with the outcome of every test that ends. Replaces the previous listener. */
export function onOutcome(listener: (outcome: Outcome) => void): void {
  report = listener
}

/** Default time limit in milliseconds for a single test. It stops hangs and never asserts speed. */
const TIME_LIMIT = 60_000

/** The real timer functions, even when a test replaces the clock. */
const { setTimeout, clearTimeout } = globalThis

const cleanUpsOfEach: (() => unknown)[] = []

/** Registers a clean-up for every test, for helpers that open what tests may forget to close. */
export function afterEachTest(cleanUp: () => unknown): void {
  cleanUpsOfEach.push(cleanUp)
}

const cleanUpsOfRun: (() => unknown)[] = []

/** Registers a clean-up for the end of this process, for helpers that share what they have opened. */
export function afterRun(cleanUp: () => unknown): void {
  cleanUpsOfRun.push(cleanUp)
}

/** Runs the clean-ups for the end of this process. */
export async function endRun(): Promise<void> {
  await Promise.all(cleanUpsOfRun.map((cleanUp) => cleanUp()))
}

/**
 * Creates a uvu suite without the traps of uvu: it runs itself (no forgotten `.run()`), every test and each clean-up
 * has a time limit, and what a test has opened is closed when the test ends.
 */
export function suite(name: string, options: { timeLimit?: number } = {}): Suite {
  const tests = uvuSuite(name)
  const timeLimit = options.timeLimit ?? TIME_LIMIT
  const cleanUps: (() => unknown)[] = []
  tests.after(async () => {
    for (const cleanUp of cleanUps) {
      await within(timeLimit, cleanUp, `the clean-up ${describeFunction(cleanUp)} of the suite “${name}”`)
    }
  })
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
    after: (cleanUp: () => unknown) => void cleanUps.unshift(cleanUp),
  })
}

/** Describes what was thrown, in one line. */
export function firstLineOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0]
}

let testNumber = 0

/** Returns a function that returns whether the current test has ended. */
export function watchTest(): () => boolean {
  const own = testNumber
  return () => testNumber !== own
}

/** Runs the body and then every clean-up, even when one fails. Throws the first failure. */
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
  // The clean-ups for every test come first, because they close clients, and a closing server waits for its clients.
  for (const cleanUp of [...cleanUpsOfEach, ...cleanUps]) {
    await attempt(cleanUp, `the clean-up ${describeFunction(cleanUp)} of “${sentence}”`)
  }
  await releaseStores(timeLimit).catch((error) => failures.push({ error }))
  const leaked = forgetClosed()
  if (leaked > 0) failures.push({ error: new Error(`${leaked} closed connections would stay in memory`) })
  if (failures.length > 0) throw failures[0].error
}

/** Resolves in one of the next turns of the event loop, when other processes have had the processor. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))

/** Memory in bytes that failed tests have left. */
let leftBytes = 0

/**
 * Releases what rooms of the test have stored, because it counts toward `maxMemory` of every server of the process.
 * Waits for messages that are being published. Rejects when something is left after `limit` milliseconds.
 */
async function releaseStores(limit: number): Promise<void> {
  const end = performance.now() + limit
  for (;;) {
    releaseSharedMemory(Number.POSITIVE_INFINITY)
    const left = sharedMemoryUsed() - leftBytes
    if (left <= 0) return
    if (performance.now() > end) {
      leftBytes += left
      throw new Error(`the test has left ${left} bytes in stores of rooms`)
    }
    await turn()
  }
}

/** Removes closed connections from the set of unready ones, where they would stay. Returns how many there were. */
function forgetClosed(): number {
  const closed = [...unreadyConnections].filter(({ state }) => state === 'closed')
  for (const connection of closed) removeUnready(connection)
  return closed.length
}

/** Resolves when the action has ended. Rejects when the action fails or takes longer than `limit` milliseconds. */
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

/** Returns the code of a function, shortened to one line. */
function describeFunction(code: () => unknown): string {
  return String(code).replaceAll(/\s+/g, ' ').slice(0, 100)
}

/** Resolves to the error that `action` throws or rejects with. Fails when there is none. */
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
