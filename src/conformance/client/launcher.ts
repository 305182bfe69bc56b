import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { within } from '../wire/index.ts'
import { EventLog, parseEvent } from './event-log.ts'
import { endWithTester, signalGroup } from './process-group.ts'

/** A client that was started for one URL. */
export interface Launched {
  readonly events: EventLog
  /** Resolves when the client has ended, with its exit code or signal. */
  readonly exited: Promise<string>
  /** Sends a command to the driver of the client. Returns false when the driver does not accept commands. */
  ask(command: string): boolean
  /** Ends the client with SIGTERM, then with SIGKILL. */
  stop(): Promise<void>
}

/** Starts clients under test. */
export interface Launcher {
  start(url: string, env?: Record<string, string>): Launched
  /** When clients were ended by a signal that the tester did not send, by `performance.now()`. */
  readonly crashTimes: readonly number[]
  /** The last part of the output of the clients. */
  readonly output: string
}

/** How many bytes of output are retained. */
const KEPT_OUTPUT = 16_384
/** Milliseconds for a client to exit after its connection has ended, and again after SIGTERM. */
const STOP_LIMIT = 2_000

/** Starts a command for each URL. The URL replaces `{url}` in the command and is also in `CONFORM_URL`. */
export class CommandLauncher implements Launcher {
  readonly #command: string
  readonly #crashTimes: number[] = []
  #output = ''

  constructor(command: string) {
    this.#command = command
  }

  get crashTimes(): readonly number[] {
    return this.#crashTimes
  }

  get output(): string {
    return this.#output
  }

  start(url: string, env: Record<string, string> = {}): Launched {
    const command = this.#command.replace(/(["']?)\{url\}\1/g, () => quoteArgument(url))
    // Starts a new process group, so that the processes started by the shell end with it.
    const child = spawn(command, {
      shell: true,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env, CONFORM_URL: url },
    })
    const events = new EventLog()
    let takesCommands = false
    this.#keepOutput(child)
    if (child.stdout !== null) {
      createInterface(child.stdout).on('line', (line) => {
        const event = parseEvent(line)
        if (event?.event === 'ready') takesCommands = true
        if (event !== null) events.push(event)
      })
    }
    child.stdin?.on('error', () => {})
    const end = watchEnd(child)
    const exited = end.exited.then(({ words, signal }) => {
      if (signal !== null && !end.isStopping()) this.#crashTimes.push(performance.now())
      return words
    })
    return {
      events,
      exited,
      ask(name) {
        if (takesCommands) child.stdin?.write(`${JSON.stringify({ command: name })}\n`)
        return takesCommands
      },
      stop: end.stop,
    }
  }

  #keepOutput(child: ChildProcess): void {
    const append = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString('utf8')).slice(-KEPT_OUTPUT)
    }
    child.stdout?.on('data', append)
    child.stderr?.on('data', append)
    child.on('error', (error) => append(Buffer.from(`${error.message}\n`)))
  }
}

function watchEnd(child: ChildProcess) {
  let stopping = false
  endWithTester(child)
  const exited = new Promise<{ words: string; signal: string | null }>((resolve) => {
    child.once('error', (error) => resolve({ words: error.message, signal: null }))
    child.once('exit', (code, signal) => {
      // A shell reports the signal that ended its command as 128 plus its number.
      const ending = signal ?? (code !== null && code > 128 ? `signal ${code - 128}` : null)
      resolve({ words: ending === null ? `exit code ${code}` : String(ending), signal: ending })
    })
  })
  const endsWithin = async (limit: number): Promise<boolean> => (await within(exited, limit)) !== null
  return {
    exited,
    isStopping: () => stopping,
    async stop(): Promise<void> {
      if (!(await endsWithin(STOP_LIMIT))) {
        stopping = true
        signalGroup(child, 'SIGTERM')
        if (!(await endsWithin(STOP_LIMIT))) signalGroup(child, 'SIGKILL')
        await exited
      }
      // The shell may exit before the processes it started.
      signalGroup(child, 'SIGKILL')
    },
  }
}

/** Quotes a URL for a shell. */
function quoteArgument(word: string): string {
  return process.platform === 'win32' ? `"${word}"` : `'${word.replaceAll("'", `'\\''`)}'`
}
