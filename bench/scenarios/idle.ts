import type { LoadConnection } from '../load/connection.ts'
import { openMembers } from '../load/members.ts'
import type { LoadOrder, PreparedLoad } from '../load/workload.ts'

/** How many connections are opened and closed before the measurement, to load code and fill pools. */
const WARMUP_CONNECTIONS = 256

/** Opens silent connections, whose cost is the growth of the resident memory of the server. */
export async function prepareIdle(order: LoadOrder): Promise<PreparedLoad> {
  const warmup = await openMembers(order, Math.min(WARMUP_CONNECTIONS, order.connections))
  await Promise.all(warmup.map((connection) => connection.close()))
  let opened: LoadConnection[] = []
  return {
    async run() {
      const begin = performance.now()
      opened = await openMembers(order, order.connections)
      return { count: opened.length, seconds: (performance.now() - begin) / 1000, notes: [] }
    },
    async finish() {
      for (const connection of opened) connection.socket.destroy()
    },
  }
}
