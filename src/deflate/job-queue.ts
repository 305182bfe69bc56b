import { AsyncResource } from 'node:async_hooks'

/** Work that takes several turns of the event loop. */
export interface Job {
  /** Whether the job may take more than a few milliseconds. */
  readonly isLong: boolean
  /** Starts the work. `finished` is called once, but not after `stop`. */
  start(finished: () => void): void
  /** Stops the work. Calls `released` when no part of it is running anymore, synchronously or later. */
  stop(released: () => void): void
}

/**
 * Runs a few jobs at a time. More jobs would only wait for the thread pool, and each needs a zlib context. A connection
 * has at most one job per direction, so first come, first served gives each connection one message in turn. Short jobs
 * go first, and one lane is reserved for them, so that long messages do not delay short ones of other peers. At least
 * one lane is available for long jobs.
 */
export class JobQueue {
  readonly #lanes: number
  /** Waiting jobs, each with its `start`, which is bound to the AsyncLocalStorage context of the code that added it. */
  readonly #waiting = { short: new Map<Job, Job['start']>(), long: new Map<Job, Job['start']>() }
  readonly #running = new Set<Job>()
  #runningLong = 0

  constructor(lanes: number) {
    this.#lanes = lanes
  }

  add(job: Job): void {
    const start = AsyncResource.bind((finished: () => void) => job.start(finished))
    this.#waiting[job.isLong ? 'long' : 'short'].set(job, start)
    this.#advance()
  }

  /**
   * Removes a waiting job, or stops a running one, which occupies its lane until it has ended. Ignores finished jobs.
   */
  remove(job: Job): void {
    if (this.#waiting.short.delete(job) || this.#waiting.long.delete(job) || !this.#running.has(job)) return
    job.stop(() => this.#end(job))
  }

  #advance(): void {
    while (this.#running.size < this.#lanes) {
      const [job, start] = this.#next() ?? []
      if (job === undefined || start === undefined) return
      this.#running.add(job)
      if (job.isLong) this.#runningLong++
      start(() => this.#end(job))
    }
  }

  #next(): [Job, Job['start']] | undefined {
    const { short, long } = this.#waiting
    const isLongFirst = this.#runningLong === 0 && long.size > 0
    const queue = short.size > 0 && !isLongFirst ? short : long
    if (queue === long && this.#runningLong >= Math.max(1, this.#lanes - 1)) return undefined
    const [next] = queue
    if (next !== undefined) queue.delete(next[0])
    return next
  }

  #end(job: Job): void {
    if (!this.#running.delete(job)) return
    if (job.isLong) this.#runningLong--
    this.#advance()
  }
}

/** The queue of the process. By default, the thread pool of Node has as many threads as this queue has lanes. */
export const zlibQueue = new JobQueue(4)
