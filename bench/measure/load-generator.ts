import type { ChildProcess } from 'node:child_process'
import type { Job, LoadAnswer, LoadCommand, LoadResult } from '../load/workload.ts'
import { endChild, messageFrom, startScript } from './child-process.ts'

/** Milliseconds that preparing (connecting, warming up) or ending may take. */
const STEP_TIMEOUT = 120_000

/** The load generator in its own process, so that its work is never counted as the server's. */
export class LoadProcess {
  readonly #child: ChildProcess

  constructor(cpu: number | undefined) {
    this.#child = startScript('scenarios/generator', { cpu })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Connects and warms up. */
  async prepare(job: Job): Promise<void> {
    await this.#ask({ type: 'prepare', job }, STEP_TIMEOUT + job.warmupMs)
  }

  async run(durationMs: number): Promise<LoadResult> {
    const answer = await this.#ask({ type: 'run' }, STEP_TIMEOUT + durationMs)
    if (answer.type !== 'result') throw new Error(`the load generator answered ${answer.type} to run`)
    return answer.result
  }

  /** Closes the connections of the round. */
  async finish(): Promise<void> {
    await this.#ask({ type: 'finish' }, STEP_TIMEOUT)
  }

  end(): Promise<void> {
    return endChild(this.#child)
  }

  #ask(command: LoadCommand, timeout: number): Promise<LoadAnswer> {
    const answer = messageFrom(this.#child, 'the load generator', timeout, (message: LoadAnswer) => {
      if (message.type === 'failed') throw new Error(message.message)
      return message
    })
    this.#child.send(command)
    return answer
  }
}
