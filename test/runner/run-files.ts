import type { Outcome } from '../support/unit.ts'
import type { TestFile } from './run-file.ts'
import { type FileResult, WorkerProcess } from './worker-process.ts'

/** Default of `stallLimit` in milliseconds. It is longer than any single test may take. */
const STALL_LIMIT = 360_000

export interface RunOptions {
  /** How many processes run files at the same time; 1 is this process. */
  readonly jobs: number
  /** Milliseconds without an outcome after which a process is killed (360,000). */
  readonly stallLimit?: number
  /** Called with the result of each file, and of a process that ended badly after its last file. */
  onResult(result: FileResult): void
}

/** Runs files in order, each of them in one process. */
export async function runFiles(files: readonly TestFile[], options: RunOptions): Promise<void> {
  const jobs = Math.min(options.jobs, files.length)
  const queue = [...files]
  if (jobs > 1) await Promise.all(Array.from({ length: jobs }, () => runInWorkers(queue, options)))
  else await runHere(queue, options)
}

/** Runs files in processes, and replaces a process that has died. */
async function runInWorkers(queue: TestFile[], options: RunOptions): Promise<void> {
  while (queue.length > 0) await runInWorker(queue, options)
}

/** Runs files of the queue in one process until the queue is empty or the process has died. */
async function runInWorker(queue: TestFile[], { stallLimit = STALL_LIMIT, onResult }: RunOptions): Promise<void> {
  const worker = new WorkerProcess(stallLimit)
  let name = ''
  for (let file = queue.shift(); file !== undefined; file = worker.isAlive ? queue.shift() : undefined) {
    name = file.name
    onResult(await worker.run(file))
  }
  const { isAlive } = worker
  const { output, error } = await worker.end()
  // A process that has died already counts as the failure of its file.
  if (isAlive) onResult({ name: `after ${name}`, outcomes: [], error, output, milliseconds: 0 })
}

async function runHere(queue: readonly TestFile[], { onResult }: RunOptions): Promise<void> {
  // Importing this module changes how uvu behaves, even in a process that only starts workers.
  const { endFiles, runFile } = await import('./run-file.ts')
  for (const file of queue) {
    const begin = performance.now()
    const outcomes: Outcome[] = []
    const error = await runFile(file, (outcome) => outcomes.push(outcome))
    onResult({ name: file.name, outcomes, error, output: '', milliseconds: performance.now() - begin })
  }
  await endFiles()
}
