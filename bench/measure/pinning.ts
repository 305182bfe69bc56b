import { spawnSync } from 'node:child_process'

/** Which processor the server gets and which the load generator; undefined where processes are not pinned. */
export interface Pinning {
  server: number
  load: number
}

/**
 * Returns the first two processors that this process may use, or undefined without `taskset` or with one processor
 * only.
 */
export function choosePinning(): Pinning | undefined {
  const answer = spawnSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' })
  if (answer.status !== 0) return undefined
  const [server, load] = parseCpuList(answer.stdout.slice(answer.stdout.lastIndexOf(':') + 1))
  return load === undefined ? undefined : { server, load }
}

/** Parses a list of processors: `0-2,5` is 0, 1, 2, 5. */
export function parseCpuList(list: string): number[] {
  return list
    .trim()
    .split(',')
    .flatMap((range) => {
      const [first, last = first] = range.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    })
}

/** Returns a command that runs `command` on processor `cpu`. Returns it unchanged when `cpu` is undefined. */
export function pinned(cpu: number | undefined, command: readonly string[]): [string, string[]] {
  const whole = cpu === undefined ? command : ['taskset', '-c', String(cpu), ...command]
  return [whole[0], whole.slice(1)]
}
