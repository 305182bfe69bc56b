import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Outcome } from '../support/unit.ts'
import type { TestFile } from './run-file.ts'

/** A message from a worker: the outcome of a test, or the end of its file. */
export type Report = { outcome: Outcome } | { end: { error: string | null } }

/** How a file ended. */
export interface FileResult {
  readonly name: string
  readonly outcomes: readonly Outcome[]
  /** The failure of the import or of the process, in addition to failed tests; `null` when there is none. */
  readonly error: string | null
  /** What the file and everything that it started printed. */
  readonly output: string
  readonly milliseconds: number
}

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url))

/**
 * A process that runs files of tests. Its output goes to a file instead of a pipe. When a report arrives, all earlier
 * output is therefore in the file, even if the process has died.
 */
export class WorkerProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), 'dwebsocket-test-'))
  readonly #output = openSync(join(this.#folder, 'output'), 'a+')
  readonly #child: ChildProcess
  /** The exit code or signal of the process. */
  readonly #ended: Promise<string>
  readonly #stallLimit: number
  #outputEnd = 0

  /** @param stallLimit Milliseconds without an outcome after which the process is killed. */
  constructor(stallLimit: number) {
    this.#stallLimit = stallLimit
    this.#child = fork(WORKER, { stdio: ['ignore', this.#output, this.#output, 'ipc'] })
    // Sending to a process that has just died fails. 'close' reports what happened to it.
    this.#child.on('error', () => {})
    // Only after 'close' can no other report arrive.
    this.#ended = once(this.#child, 'close').then(([code, signal]) => (signal === null ? `exit code ${code}` : signal))
  }

  /** Whether the process can run another file. */
  get isAlive(): boolean {
    return this.#child.connected
  }

  /** Runs one file. */
  async run({ name, url }: TestFile): Promise<FileResult> {
    const begin = performance.now()
    const outcomes: Outcome[] = []
    const stall = this.#watchForStall()
    const ended = new Promise<string | null>((resolve) => {
      this.#child.on('message', (report: Report) => {
        stall.refresh()
        if ('end' in report) resolve(report.end.error)
        else outcomes.push(report.outcome)
      })
    })
    this.#child.send({ name, url })
    const error = await Promise.race([ended, this.#ended.then((how) => `the process ended with ${how}`)])
    clearTimeout(stall)
    this.#child.removeAllListeners('message')
    return { name, outcomes, error, output: this.#readOutput(), milliseconds: performance.now() - begin }
  }

  /** Ends the process. Resolves to its output since its last file, and to the error of its end. */
  async end(): Promise<{ output: string; error: string | null }> {
    const stall = this.#watchForStall()
    if (this.isAlive) this.#child.send('end')
    const how = await this.#ended
    clearTimeout(stall)
    const output = this.#readOutput()
    closeSync(this.#output)
    rmSync(this.#folder, { recursive: true })
    return { output, error: how === 'exit code 0' ? null : `the process ended with ${how}` }
  }

  #watchForStall(): NodeJS.Timeout {
    return setTimeout(() => {
      writeSync(this.#output, `killed: no test ended within ${this.#stallLimit} ms\n`)
      this.#child.kill('SIGKILL')
    }, this.#stallLimit)
  }

  #readOutput(): string {
    const buffer = Buffer.alloc(fstatSync(this.#output).size - this.#outputEnd)
    readSync(this.#output, buffer, 0, buffer.length, this.#outputEnd)
    this.#outputEnd += buffer.length
    return buffer.toString()
  }
}
