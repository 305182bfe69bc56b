import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { TestContext } from './unit.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** A running `dwebsocket` command that said where it listens. */
export interface RunningCommand {
  readonly child: ChildProcess
  /** What stands behind `listening `: `http://127.0.0.1:8000` or `ws://127.0.0.1:9001`. */
  readonly address: string
  /** Ends it with `signal` (SIGTERM) and waits; resolves to its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts the built command and waits for its `listening …` line; it ends with the test. */
export async function startCommand(t: TestContext, ...args: string[]): Promise<RunningCommand> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit') as Promise<[number | null]>
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text
  })
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    return (await exited)[0]
  }
  t.after(() => stop('SIGKILL'))
  for await (const line of createInterface(child.stdout)) {
    const address = /^listening (\S+)$/.exec(line)?.[1]
    if (address === undefined) continue
    child.stdout.resume()
    return { child, address, stop }
  }
  throw new Error(`dwebsocket ${args.join(' ')} ended before it listened:\n${errors}`)
}
