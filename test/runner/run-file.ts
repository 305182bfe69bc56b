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
const { firstLineOf, onOutcome } = await import('../support/unit.ts')

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

/** Ends what the files of this process have shared, and prints what they have left open. */
export async function endFiles(): Promise<void> {
  const { endChromium } = await import('../support/chromium.ts')
  const { endFirefox } = await import('../support/firefox.ts')
  await Promise.all([endChromium(), endFirefox()])
  const left = process.getActiveResourcesInfo().filter((resource) => /Socket|Server|Process/.test(resource))
  if (left.length > 0) console.log(`left open: ${left.join(', ')}`)
}
