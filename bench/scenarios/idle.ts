import type { LoadConnection } from '../load/connection.ts'
import { openMembers } from '../load/members.ts'
import type { LoadOrder, PreparedLoad } from '../load/workload.ts'

/** Connections opened and closed before the first measurement, so that code is loaded and pools are filled. */
const WARMUP_CONNECTIONS = 256

/** Opens connections that stay silent; their cost is the growth of the server's resident memory. */
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
