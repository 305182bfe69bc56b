import { endFiles, runFile, type TestFile } from './run-file.ts'
import type { Report } from './worker-process.ts'

/* A process that runs the files that it receives, one after the other, and ends when it receives 'end'. */

const send = (report: Report): void => void process.send?.(report)

/** Ends the process, and with it everything that tests have left open. */
async function end(): Promise<never> {
  await endFiles()
  process.exit(0)
}

process.on('message', async (file: TestFile | 'end') => {
  if (file === 'end') return end()
  const error = await runFile(file, (outcome) => send({ outcome }))
  send({ end: { error } })
})
process.once('disconnect', end)
