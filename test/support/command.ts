import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Suite, TestContext } from './unit.ts'

/** The path of the built program. */
export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** A running `dwebsocket` command that has printed its address. */
export interface RunningCommand {
  readonly child: ChildProcess
  /** The text after `listening `: `http://127.0.0.1:8000` or `ws://127.0.0.1:9001`. */
  readonly address: string
  /** Ends the command with `signal` (default SIGTERM). Resolves to its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** The output and exit code of a command that has ended. */
export interface EndedCommand {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts the built command and waits for its `listening …` line. The command ends with the test. */
export function startCommand(t: TestContext, ...args: string[]): Promise<RunningCommand> {
  return startCommandWith(t, {}, ...args)
}

/** Like `startCommand`, with additional environment variables. */
export async function startCommandWith(
  t: TestContext,
  environment: Record<string, string>,
  ...args: string[]
): Promise<RunningCommand> {
  const env = { ...process.env, ...environment }
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env })
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

/**
 * Returns a function that starts the built command at its first call, for the tests of a suite that do not end it. The
 * command ends with the suite.
 */
export function sharedCommand(
  test: Suite,
  environment: Record<string, string>,
  ...args: string[]
): () => Promise<RunningCommand> {
  let running: Promise<RunningCommand> | undefined
  return () => {
    running ??= startCommandWith(test, environment, ...args)
    return running
  }
}

/** Runs the built command until it ends. */
export async function runCommand(...args: string[]): Promise<EndedCommand> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { exitCode, stdout, stderr }
}
