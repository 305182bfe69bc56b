import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { pinned } from './pinning.ts'

/** Milliseconds after which a child that does not exit is killed. */
const END_TIMEOUT = 2000

export interface ScriptOptions {
  cpu?: number
  args?: readonly string[]
  env?: Record<string, string>
}

/**
 * Starts a script of the benchmark as a child process with a message channel. `name` has no extension, because the
 * benchmark runs both from its sources and compiled.
 */
export function startScript(name: string, options: ScriptOptions = {}): ChildProcess {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
  const script = fileURLToPath(new URL(`../${name}${extension}`, import.meta.url))
  const node = [process.execPath, ...process.execArgv, '--expose-gc', script, ...(options.args ?? [])]
  const [command, args] = pinned(options.cpu, node)
  return spawn(command, args, {
    // Coverage would slow down what is measured.
    env: { ...process.env, NODE_V8_COVERAGE: undefined, ...options.env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

/**
 * Resolves with the first message that `pick` accepts. Rejects when the child exits, or after `timeout` milliseconds.
 */
export function messageFrom<Message, Picked>(
  child: ChildProcess,
  name: string,
  timeout: number,
  pick: (message: Message) => Picked | undefined,
): Promise<Picked> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void): void => {
      clearTimeout(timer)
      child.off('message', onMessage)
      child.off('exit', onExit)
      child.off('error', onError)
      action()
    }
    const onMessage = (message: unknown): void => {
      try {
        const picked = pick(message as Message)
        if (picked !== undefined) settle(() => resolve(picked))
      } catch (error) {
        settle(() => reject(error))
      }
    }
    const onExit = (code: number | null, signal: string | null): void =>
      settle(() => reject(new Error(`${name} ended early (${signal ?? `exit code ${code}`})`)))
    const onError = (error: Error): void => settle(() => reject(error))
    const timer = setTimeout(() => settle(() => reject(new Error(`${name} was silent for ${timeout} ms`))), timeout)
    child.on('message', onMessage)
    child.on('exit', onExit)
    child.on('error', onError)
  })
}

/** Ends a child, by SIGKILL if necessary; resolves when it has exited. */
export function endChild(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return resolve()
    const timer = setTimeout(() => child.kill('SIGKILL'), END_TIMEOUT)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    if (child.connected) child.disconnect()
    else child.kill()
  })
}
