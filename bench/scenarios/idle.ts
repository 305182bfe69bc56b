import type { LoadConnection } from '../load/connection.ts'
import { openMembers } from '../load/members.ts'
import type { Job, PreparedLoad } from '../load/workload.ts'

/** Connections opened and closed before the first look at the memory, so that code and pools are there already. */
const WARMUP_CONNECTIONS = 256

/** Connections are opened and stay silent; what they cost is read from the server's resident memory. */
export async function prepareIdle(job: Job): Promise<PreparedLoad> {
  const warmup = await openMembers(job, Math.min(WARMUP_CONNECTIONS, job.connections))
  await Promise.all(warmup.map((connection) => connection.close()))
  let opened: LoadConnection[] = []
  return {
    async run() {
      const begin = performance.now()
      opened = await openMembers(job, job.connections)
      return { count: opened.length, seconds: (performance.now() - begin) / 1000, notes: [] }
    },
    async finish() {
      for (const connection of opened) connection.socket.destroy()
    },
  }
}
