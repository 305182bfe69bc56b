import type { ChildProcess } from 'node:child_process'

/** The running children. One listener serves all of them, however many run at once. */
const running = new Set<ChildProcess>()

/** Kills the process group of a child when the tester exits before it does. The child must be detached. */
export function endWithTester(child: ChildProcess): void {
  if (running.size === 0) process.on('exit', killAll)
  running.add(child)
  const forget = (): void => {
    running.delete(child)
    if (running.size === 0) process.off('exit', killAll)
  }
  child.once('exit', forget)
  child.once('error', forget)
}

/** Sends a signal to a child and to all processes of its group. The child must be detached. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  } catch {
    // The process has already exited.
  }
}

function killAll(): void {
  for (const child of running) signalGroup(child, 'SIGKILL')
}
