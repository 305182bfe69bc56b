import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { bundleProgram } from '../support/bundle.ts'
import type { Memory } from './meter.ts'

/** A message of `size` bytes: up, down, up in a single frame, or compressed zeros to a slow reader. */
export interface Job {
  readonly kind: 'up' | 'down' | 'frame' | 'bomb'
  readonly size: number
  readonly deflate: boolean
}

/** The report of one side. */
export interface Report extends Memory {
  readonly digest: string
}

/** Maximum growth of the memory of a side in bytes: reachable memory, and resident memory with garbage. */
const BOUNDS = { pinned: 1024 * 1024 + 64 * 1024, resident: 128 * 1024 * 1024 }

/** Returns the faults of a run, one line for each. */
export function faultsOf({ size }: Job, { server, client }: { server: Report; client: Report }): string[] {
  const faults = []
  if (server.digest !== client.digest) faults.push('the digests differ')
  if (server.bytes !== size) faults.push(`${server.bytes} bytes of ${size}`)
  for (const [side, report] of Object.entries({ server, client })) {
    for (const name of ['pinned', 'resident'] as const) {
      if (report[name] > BOUNDS[name])
        faults.push(`${name} memory of the ${side} grew by ${report[name]} bytes; allowed: ${BOUNDS[name]}`)
    }
  }
  return faults
}

const SIDE = fileURLToPath(new URL('side.ts', import.meta.url))

/** Starts one side. Its lines on standard output are read one at a time. */
async function start(role: 'server' | 'client', job: Job, ...rest: string[]) {
  const file = await bundleProgram(SIDE)
  const options = ['--expose-gc', file, role, JSON.stringify(job), ...rest]
  const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    child,
    async line(): Promise<string> {
      const { value } = await lines.next()
      if (value === undefined) throw new Error(`the ${role} of ${JSON.stringify(job)} ended without a word`)
      return value
    },
  }
}

/** Runs a server and a client, each in a separate process. */
export async function runJob(job: Job): Promise<{ server: Report; client: Report }> {
  const server = await start('server', job)
  const children = [server.child]
  try {
    const client = await start('client', job, await server.line())
    children.push(client.child)
    const [ofServer, ofClient] = await Promise.all([server.line(), client.line()])
    return { server: JSON.parse(ofServer), client: JSON.parse(ofClient) }
  } finally {
    for (const child of children) {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    }
  }
}
