import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { joinWorkers } from '../index.ts'

/** The environment variable with the index of a worker. */
const INDEX = 'DWEBSOCKET_WORKER'

/** Milliseconds until a worker that died is replaced. */
const REPLACE_DELAY = 500

/** Returns the index of this process among `count` workers. */
export function workerSeat(count: number): { index: number; count: number } {
  return { index: Number(process.env[INDEX] ?? 0), count: Math.max(count, 1) }
}

/**
 * Runs this command in `count` workers, prints the address when all of them listen, replaces a worker that dies and
 * runs until SIGINT or SIGTERM. Resolves to 0, or to the exit code of a worker that failed to start.
 */
export function runWorkers(count: number): Promise<number> {
  cluster.setupPrimary({ stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  const endJoin = joinWorkers()
  const team = new Team(count)
  return team.ended.finally(endJoin)
}

class Team {
  readonly ended: Promise<number>
  #end: (exitCode: number) => void = () => {}
  readonly #count: number
  readonly #workers = new Set<Worker>()
  #listeningCount = 0
  #isStopping = false
  #exitCode = 0

  constructor(count: number) {
    this.#count = count
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    // A terminal also sends SIGINT to the workers. The SIGTERM from here does not count as their second signal.
    process.once('SIGINT', () => this.#stop())
    process.once('SIGTERM', () => this.#stop())
    for (let index = 0; index < count; index++) void this.#run(index)
  }

  /** Runs the worker with this index, and its replacements. */
  async #run(index: number): Promise<void> {
    const worker = cluster.fork({ [INDEX]: index })
    this.#workers.add(worker)
    const exited = once(worker, 'exit')
    let isListening = false
    const output = worker.process.stdout
    if (output !== null) {
      createInterface(output).on('line', (line) => {
        if (isListening || !line.startsWith('listening ')) {
          process.stdout.write(`worker ${index + 1}: ${line}\n`)
          return
        }
        isListening = true
        this.#onListening(line)
      })
    }
    const [exitCode] = (await exited) as [number | null]
    this.#workers.delete(worker)
    if (!isListening && !this.#isStopping) {
      this.#exitCode = exitCode || 1
      this.#stop()
    }
    if (!this.#isStopping) {
      process.stderr.write(`dwebsocket: worker ${index + 1} has ended; starting a replacement\n`)
      setTimeout(() => !this.#isStopping && void this.#run(index), REPLACE_DELAY)
    } else if (this.#workers.size === 0) this.#end(this.#exitCode)
  }

  /** All workers listen at the same address: prints one line for all. */
  #onListening(line: string): void {
    this.#listeningCount++
    if (this.#listeningCount === this.#count) process.stdout.write(`${line}\n`)
  }

  #stop(): void {
    this.#isStopping = true
    for (const worker of this.#workers) worker.process.kill('SIGTERM')
    if (this.#workers.size === 0) this.#end(this.#exitCode)
  }
}
