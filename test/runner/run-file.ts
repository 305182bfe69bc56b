import type { Outcome } from '../support/unit.ts'

/** A file of tests. */
export interface TestFile {
  /** The path below `test`. */
  readonly name: string
  /** The URL of the file. */
  readonly url: string
}

/** Runs the tests of a suite. Resolves to the output of the failed tests, or to `true` when none has failed. */
type SuiteRun = () => Promise<[errors: string | true, ...counts: number[]]>

// With this, uvu puts its suites into the queue instead of running them, so it must not be imported before.
const uvu = Object.assign(globalThis, { UVU_DEFER: 1, UVU_QUEUE: [] as SuiteRun[][] })
const { endRun, firstLineOf, onOutcome } = await import('../support/unit.ts')
const { until } = await import('../support/tick.ts')

/**
 * Runs the tests of one file, prints them, and calls `report` with each outcome. Resolves to the first line of an error
 * outside of the tests, or to `null`.
 */
export async function runFile(file: TestFile, report: (outcome: Outcome) => void): Promise<string | null> {
  console.log(file.name)
  let count = 0
  onOutcome((outcome) => {
    count++
    report(outcome)
  })
  try {
    await runSuites(file.url)
  } catch (error) {
    console.log(error)
    return firstLineOf(error)
  }
  return count === 0 ? 'there is no test in it' : null
}

async function runSuites(url: string): Promise<void> {
  const suites: SuiteRun[] = []
  uvu.UVU_QUEUE = [suites]
  await import(url)
  for (const run of suites) {
    const [errors] = await run()
    if (errors !== true) console.log(`\n${errors}`)
  }
}

/** Milliseconds in which the sockets that the last test has closed should be gone. */
const CLOSING_TIME = 1000

/** Ends what the files of this process have shared, and prints what they have left open. */
export async function endFiles(): Promise<void> {
  await endRun()
  const end = performance.now() + CLOSING_TIME
  await until(() => leftOpen().length === 0 || performance.now() > end)
  const left = leftOpen()
  if (left.length > 0) console.log(`left open: ${left.join(', ')}`)
}

const leftOpen = (): string[] =>
  process.getActiveResourcesInfo().filter((resource) => /Socket|Server|Process/.test(resource))
