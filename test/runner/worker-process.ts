import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Outcome } from '../support/unit.ts'
import type { TestFile } from './run-file.ts'

/** What a worker sends: the outcome of a test, or the end of its file. */
export type Report = { outcome: Outcome } | { end: { error: string | null } }

/** How a file ended. */
export interface FileResult {
  readonly name: string
  readonly outcomes: readonly Outcome[]
  /** What failed besides its tests: its import, or the process that ran it; `null` when nothing did. */
  readonly error: string | null
  /** What the file and everything that it started printed. */
  readonly output: string
  readonly milliseconds: number
}

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url))

/**
 * A process that runs files of tests. Its output goes to a file and not through a pipe: what was written before a report
 * was sent is there when the report arrives, also from a process that died.
 */
export class WorkerProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), 'dwebsocket-test-'))
  readonly #output = openSync(join(this.#folder, 'output'), 'a+')
  readonly #child: ChildProcess
  /** Its exit code or signal. */
  readonly #ended: Promise<string>
  readonly #stallLimit: number
  #outputEnd = 0

  /** `stallLimit`: milliseconds without an outcome after which the process is killed. */
  constructor(stallLimit: number) {
    this.#stallLimit = stallLimit
    this.#child = fork(WORKER, { stdio: ['ignore', this.#output, this.#output, 'ipc'] })
    // An order to a process that is dying fails; 'close' says what happened to it.
    this.#child.on('error', () => {})
    // Only after 'close' no report is under way any more.
    this.#ended = once(this.#child, 'close').then(([code, signal]) => (signal === null ? `exit code ${code}` : signal))
  }

  /** Whether it can run another file. */
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

  /** Ends the process; resolves to what it printed since its last file, and to what was wrong with its end. */
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
