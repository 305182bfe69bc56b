/** Work that needs several turns of the event loop. */
export interface Job {
  /** Begins; `finished` is called once, never after `stop`. */
  start(finished: () => void): void
  /** Ends what was begun. */
  stop(): void
}

/**
 * Runs a few jobs at a time, first come first served. More at once would not be faster than the thread pool, and each
 * holds a zlib context and a message.
 */
export class JobQueue {
  readonly #lanes: number
  readonly #waiting = new Set<Job>()
  readonly #running = new Set<Job>()

  constructor(lanes: number) {
    this.#lanes = lanes
  }

  add(job: Job): void {
    this.#waiting.add(job)
    this.#advance()
  }

  /** Removes a job, waiting or running; does nothing when it has finished. */
  remove(job: Job): void {
    if (this.#waiting.delete(job) || !this.#running.delete(job)) return
    job.stop()
    this.#advance()
  }

  #advance(): void {
    for (const job of this.#waiting) {
      if (this.#running.size >= this.#lanes) return
      this.#waiting.delete(job)
      this.#running.add(job)
      job.start(() => {
        this.#running.delete(job)
        this.#advance()
      })
    }
  }
}

/** As many as the thread pool of Node has threads by default: shared by every connection of the process. */
export const zlibQueue = new JobQueue(4)
