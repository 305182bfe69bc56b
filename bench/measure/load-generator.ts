import type { ChildProcess } from 'node:child_process'
import type { LoadOrder, LoadResult } from '../load/workload.ts'
import type { GeneratorAnswer, GeneratorCommand } from '../scenarios/generator-message.ts'
import { endChild, messageFrom, startScript } from './child-process.ts'

/** Milliseconds for the preparation (connecting and warming up) and for finishing. */
const STEP_TIMEOUT = 120_000

/** Controls the load generator. After a failure, the next round starts a new process. */
export class LoadGenerator {
  readonly #cpu: number | undefined
  #child: ChildProcess | undefined

  /** @param cpu The processor to run on; undefined leaves it to the system. */
  constructor(cpu: number | undefined) {
    this.#cpu = cpu
  }

  /** The process id; 0 when no process runs. */
  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** Opens the connections of a round and warms up. */
  async prepare(order: LoadOrder): Promise<void> {
    await this.#ask({ type: 'prepare', order }, STEP_TIMEOUT + order.warmupMs)
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

  /** Ends the process and its connections. */
  async end(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child) await endChild(child)
  }

  #ask(command: GeneratorCommand, timeout: number): Promise<GeneratorAnswer> {
    this.#child ??= startScript('scenarios/generator', { cpu: this.#cpu })
    const answer = messageFrom(this.#child, 'the load generator', timeout, (message: GeneratorAnswer) => {
      if (message.type === 'failed') throw new Error(message.message)
      return message
    })
    this.#child.send(command)
    return answer
  }
}
