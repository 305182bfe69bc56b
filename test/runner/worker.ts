import { endFiles, runFile, type TestFile } from './run-file.ts'
import type { Report } from './worker-process.ts'

/* A process that runs the files it is sent, one after the other, and ends when it is sent 'end'. */

const send = (report: Report): void => void process.send?.(report)

/** Whatever tests leave open ends with the process. */
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
