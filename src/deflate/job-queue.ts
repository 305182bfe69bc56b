import { AsyncResource } from 'node:async_hooks'

/** Work that needs several turns of the event loop. */
export interface Job {
  /** Whether it may run for more than some milliseconds. */
  readonly isLong: boolean
  /** Begins; `finished` is called once, never after `stop`. */
  start(finished: () => void): void
  /** Ends what was begun; calls `released` when nothing of it runs any more, in a later turn or at once. */
  stop(released: () => void): void
}

/**
 * Runs a few jobs at a time: more at once would not be faster than the thread pool, and each needs a zlib context. A
 * connection has one message at a time in each direction here, so that first come, first served is one message for each
 * connection in turn. Short jobs go first and one lane is theirs: long messages of some peers do not delay the short ones
 * of others. One lane at least is for long jobs, when there are any.
 */
export class JobQueue {
  readonly #lanes: number
  /** Jobs with their `start`, bound to the AsyncLocalStorage of whoever added them. */
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

  /** Removes a job, waiting or running; does nothing when it has finished. A running one has its lane until it has ended. */
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

/** As many lanes as the thread pool of Node has threads by default: shared by every connection of the process. */
export const zlibQueue = new JobQueue(4)
